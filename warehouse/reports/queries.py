"""Reads a report's rows from the serving views: all queries see the same snapshot of the database."""

from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any, TypeVar

from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ
from psycopg2.extensions import cursor as Cursor

from warehouse.database.connections import Connection, read_sql
from warehouse.reports import rows
from warehouse.reports.window import MINUTE, Window, choose_comparison, choose_window

STREAMS = ("posts", "readings", "machine_events")
TOP_LINES = 5
LEAST_GAP_MINUTES = 10  # shorter pauses of a whole stream are no gap: posts of a small source do not come every minute

Row = TypeVar("Row")


def read_report(
    session: Connection, start: datetime | None, end: datetime | None
) -> tuple[rows.DataRange, rows.ReportRows | None]:
    """What the database holds, and the rows of the window, None if the database holds no event.

    Raises:
        CorrectTheWindow: `start` and `end`, or one of them with the newest event, are no window.
        psycopg2.Error: a view is missing or not permitted, or a query took too long.
    """
    session.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)
    with session, session.cursor() as cursor:
        (known,) = _read(cursor, "data_range", rows.DataRange)
        if known.newest_event_at is None:
            return known, None
        return known, _read_window(cursor, choose_window(start, end, known.newest_event_at), known.newest_event_at)


def _read_window(cursor: Cursor, window: Window, newest: datetime) -> rows.ReportRows:
    comparison = choose_comparison(window, _read_value(cursor, "hashtag_edges", {"end": window.end}), newest)
    processed = _processed(window, newest, _read_value(cursor, "newest_batch", {"streams": list(STREAMS)}))
    values = {
        **_bounds(window),
        "recent_start": comparison.recent_start,
        "previous_start": comparison.previous_start,
        "least_minutes": LEAST_GAP_MINUTES,
        "streams": list(STREAMS),
    }
    totals = _read(cursor, "hashtag_totals", rows.HashtagTotal, values)
    hashtags = {**values, "hashtags": [row.hashtag for row in totals[:TOP_LINES]]}
    return rows.ReportRows(
        window=window,
        processed=processed,
        comparison=comparison,
        hashtag_totals=totals,
        hashtag_lines=_read(cursor, "hashtag_lines", rows.HashtagLine, hashtags),
        outcomes=_read(cursor, "outcomes", rows.Outcome, {**values, **_bounds(processed)}),
        new_fields=_read(cursor, "drift", rows.NewField, {"end": processed.end}),
        **{field: _read(cursor, name, row, values) for field, (name, row) in _PLAIN.items()},
    )


# Field of ReportRows -> its query and its row, where the bounds of the window are all that the query needs.
_PLAIN: dict[str, tuple[str, Any]] = {
    "hashtag_bins": ("hashtag_bins", rows.HashtagBin),
    "hashtag_pairs": ("hashtag_pairs", rows.HashtagPair),
    "author_days": ("author_days", rows.AuthorDay),
    "data_gaps": ("data_gaps", rows.DataGap),
    "movements": ("segment_movements", rows.Movement),
    "machines": ("machines", rows.Machine),
    "anomalies": ("anomalies", rows.Anomaly),
    "utilisation": ("utilisation", rows.ShiftUse),
    "shifts": ("shifts", rows.Shift),
    "machine_gaps": ("machine_gaps", rows.MachineGap),
    "failures": ("failures", rows.Failure),
    "freshness": ("freshness", rows.Freshness),
    "latency": ("latency", rows.Latency),
}


def _processed(window: Window, newest: datetime, newest_batch: datetime | None) -> Window:
    """The window of processing time: a bit longer if the window reaches the newest event, which is processed later."""
    if newest_batch is None or window.end <= newest:
        return window
    return Window(window.start, max(window.end, newest_batch.replace(second=0, microsecond=0) + MINUTE))


def _bounds(window: Window) -> dict[str, datetime | timedelta | Any]:
    return {
        "start": window.start,
        "end": window.end,
        "step": window.step,
        "first_day": window.first_day,
        "last_day": window.last_day,
    }


def _read(cursor: Cursor, name: str, row: type[Row], values: dict[str, Any] | None = None) -> tuple[Row, ...]:
    """Runs reports/sql/`name`.sql; columns are matched with the fields of `row` by name, whatever their order."""
    cursor.execute(read_sql(f"reports/sql/{name}.sql"), values)
    wanted = {field.name for field in fields(row)}  # type: ignore[arg-type]  # every row class is a dataclass
    columns = [(index, column.name) for index, column in enumerate(cursor.description or ()) if column.name in wanted]
    return tuple(row(**{name: found[index] for index, name in columns}) for found in cursor.fetchall())


def _read_value(cursor: Cursor, name: str, values: dict[str, Any]) -> Any:
    """The one value of a query of at most one row and one column; None without a row."""
    cursor.execute(read_sql(f"reports/sql/{name}.sql"), values)
    found = cursor.fetchone()
    return found[0] if found else None
