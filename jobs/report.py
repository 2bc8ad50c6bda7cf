"""Write the report of a window of time: hashtags, machines, shifts, segments, data quality; one HTML file or JSON."""

import argparse
import json
import sys
import uuid
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg2
from rich.console import Console
from rich.table import Table

from jobs.cli import parse, run
from jobs.settings import Settings
from warehouse.database.connections import connect, is_database_absent, role_url
from warehouse.errors import DatabaseAbsent, RunMigrate, WarehouseError
from warehouse.reports import words
from warehouse.reports.page import render_page
from warehouse.reports.queries import read_report
from warehouse.reports.report import Report, build_report, to_json
from warehouse.reports.rows import DataRange, ReportRows
from warehouse.reports.window import parse_time

GROUP = "operate"
STATEMENT_SECONDS = 600  # anomalies of a month of all machines take a minute
_OLDER = (psycopg2.errors.UndefinedTable, psycopg2.errors.UndefinedColumn, psycopg2.errors.InsufficientPrivilege)
Answer = tuple[DataRange, ReportRows | None]


def main(argv: Sequence[str] | None = None) -> int:
    """Writes the file and prints a summary; 0 also if there is nothing to report."""
    arguments, settings = parse(_build_parser(), argv)
    start, end = (parse_time(text) if text is not None else None for text in (arguments.start, arguments.end))
    known, rows = read(settings, start, end)
    if rows is None or rows.is_empty:
        _say_nothing(_describe_nothing(known, rows), arguments.json)
        return 0
    report = build_report(rows, known)
    path = write(report, settings.var / "reports", arguments.format)
    if arguments.json:
        sys.stdout.write(json.dumps(_summarise(report, path), ensure_ascii=False) + "\n")
    else:
        _print_summary(report, path)
    return 0


def read(settings: Settings, start: datetime | None, end: datetime | None) -> Answer:
    """The rows of the report, read as the reader role.

    Raises:
        CorrectTheWindow: `start` and `end`, or one of them with the newest event, are no window.
        DatabaseAbsent: the database does not answer, or no longer.
        RunMigrate: a view is missing.
        WarehouseError: the window is too long to be read in time.
    """
    limit = STATEMENT_SECONDS * 1000
    url = role_url(settings.postgres, "reader")
    with closing(connect(url, application_name="afluente report", statement_timeout_ms=limit)) as session:
        try:
            return read_report(session, start, end)
        except _OLDER:
            raise RunMigrate("the database is older than this report; run ./spark-submit.sh migrate") from None
        except psycopg2.errors.QueryCanceled:
            raise WarehouseError("a query took longer than ten minutes; choose a shorter window") from None
        except psycopg2.Error as error:
            if not is_database_absent(error):
                raise
            raise DatabaseAbsent("the connection to PostgreSQL was lost; run the report again") from error


def write(report: Report, folder: Path, form: str) -> Path:
    """Writes the file, named after its window, in one step; a file of the same window is replaced."""
    text = render_page(report) if form == "html" else json.dumps(to_json(report), ensure_ascii=False, indent=1) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"report_{report.window.start:%Y%m%dT%H%MZ}_{report.window.end:%Y%m%dT%H%MZ}.{form}"
    draft = folder / f".{uuid.uuid4().hex}"  # of this run alone
    draft.write_text(text, encoding="utf-8", newline="\n")
    return draft.replace(path)


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="report",
        description=__doc__,
        epilog="The file is written to the folder `reports` of `var`, named after its window; the same window over the "
        "same data gives the same bytes. Without --from and --to: the 24 hours up to the newest event. Exit code 0 "
        "also if there is nothing to report.",
    )
    times = "ISO 8601, e.g. 2026-03-01 or 2026-03-01T06:00-03:00; UTC unless it has an offset"
    parser.add_argument("--from", metavar="TIME", dest="start", help=f"start of the window; {times}")
    parser.add_argument("--to", metavar="TIME", dest="end", help="end of the window, exclusive")
    parser.add_argument("--format", choices=["html", "json"], default="html", help="of the file (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print the summary as one JSON object instead of a table")
    return parser


def _describe_nothing(known: DataRange, rows: ReportRows | None) -> str:
    if rows is None or known.oldest_event_at is None or known.newest_event_at is None:
        return "There is nothing to report: the database holds no event yet."
    return (
        f"There is nothing to report from {words.at(rows.window.start)} to {words.at(rows.window.end)} UTC: the "
        f"database holds events from {words.at(known.oldest_event_at)} to {words.at(known.newest_event_at)} UTC."
    )


def _say_nothing(sentence: str, as_json: bool) -> None:
    sys.stdout.write((json.dumps({"file": None, "message": sentence}) if as_json else sentence) + "\n")


def _summarise(report: Report, path: Path) -> dict[str, Any]:
    whole = to_json(report)
    sentences = {chart.name: chart.notice for chart in report.highlights}
    return {"file": str(path), **{key: whole[key] for key in whole if key != "sections"}, "sentences": sentences}


def _print_summary(report: Report, path: Path) -> None:
    console = Console(highlight=False)
    table = Table(
        box=None, show_header=False, title=f"{words.at(report.window.start)} to {words.at(report.window.end)} UTC"
    )
    for figure in report.figures:
        table.add_row(figure.name, figure.value.replace("[", r"\["))
    for chart in report.highlights:
        table.add_row(chart.short_title.replace("[", r"\["), chart.notice.replace("[", r"\["))
    console.print(table)
    for sentence in (*report.warnings, report.age, f"Written: {path}"):
        console.print(sentence, markup=False, soft_wrap=True)


if __name__ == "__main__":
    run(main)
