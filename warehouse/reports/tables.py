"""Tables of a report: columns with their units, rows of plain values, and their form as text and as CSV."""

import base64
import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

Cell = str | int | float | date | datetime | None
# A spreadsheet reads a cell that begins like this as a formula. The last four are the wide forms of = + - @.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
NOTHING = "\u2013"  # shown for a value that is missing


@dataclass(frozen=True)
class Column:
    """`title`: what it holds, with its unit; `decimals`: of a float; `is_shown` False: in the CSV only."""

    title: str
    decimals: int = 1
    is_shown: bool = True


@dataclass(frozen=True)
class Table:
    """Rows in the order in which they are shown; a cell that is None is missing, not zero."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def numbers(self) -> tuple[bool, ...]:
        """Per column, whether it holds numbers, which are aligned to the right."""
        cells = ([row[index] for row in self.rows if row[index] is not None] for index in range(len(self.columns)))
        return tuple(bool(column) and all(isinstance(cell, int | float) for cell in column) for column in cells)


def make_table(columns: Sequence[Column | str], rows: Iterable[Sequence[Cell]]) -> Table:
    """A table; a column without decimals or exceptions may be given by its title."""
    return Table(
        tuple(column if isinstance(column, Column) else Column(column) for column in columns),
        tuple(tuple(row) for row in rows),
    )


def format_cell(cell: Cell, decimals: int = 1, year: int = 0) -> str:
    """A cell as text for people: `12,345`, `0.3`, `1 Mar 14:03`, other years than `year` named; a dash if missing."""
    if cell is None or cell == "":
        return NOTHING
    if isinstance(cell, datetime):
        return f"{cell.day} {cell:%b %H:%M}" if cell.year == year else f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, float):
        return f"{cell:,.{decimals}f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def to_csv(table: Table) -> str:
    """All rows and columns as CSV (RFC 4180, a header line); empty: missing; times ISO 8601 in UTC.

    A cell that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([neutralise(column.title) for column in table.columns])
    writer.writerows([_csv_cell(cell) for cell in row] for row in table.rows)
    return text.getvalue()


def neutralise(text: str) -> str:
    """The text, with an apostrophe in front if it begins like a formula."""
    return "'" + text if text.startswith(FORMULA_STARTS) else text


def csv_url(table: Table) -> str:
    """The CSV as a data: URL, UTF-8 with a byte order mark, without which Excel garbles accents."""
    content = ("\ufeff" + to_csv(table)).encode()
    return "data:text/csv;charset=utf-8;base64," + base64.b64encode(content).decode()


def json_cell(cell: Cell) -> str | int | float | None:
    """A cell as JSON has it; times ISO 8601 in UTC."""
    if isinstance(cell, datetime):
        return f"{cell.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return cell.isoformat() if isinstance(cell, date) else cell


def _csv_cell(cell: Cell) -> str:
    value = json_cell(cell)
    text = "" if value is None else str(value)
    return text if isinstance(value, int | float) else neutralise(text)  # a negative number is no formula
