"""Reads the page's rows from the serving views: all queries of one refresh see the same snapshot of the database."""

import time
from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cache
from typing import Any, TypeVar

from psycopg2.extensions import cursor as Cursor

from warehouse.dashboards.live.figures import LINE_MINUTES
from warehouse.dashboards.live.rows import (
    Freshness,
    HashtagMinute,
    NormalBand,
    OutcomeCount,
    SensorMinute,
    SensorState,
    Snapshot,
    TopHashtag,
)
from warehouse.database.connections import ConnectionPool, read_sql

TOP = 10
BANDS_SECONDS = 60  # a band is computed from 24 hours of data: expensive to read, and it hardly changes within a second

Bands = Mapping[tuple[str, str], NormalBand]
Row = TypeVar("Row")


class SnapshotReader:
    """Reads everything that the page shows; normal bands are read once in `BANDS_SECONDS` and reused in between."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        self._bands: Bands = {}
        self._bands_at = float("-inf")

    def read(self, span_minutes: int) -> Snapshot:
        """One snapshot, hashtags ranked over `span_minutes`, in one read-only transaction.

        Raises:
            DatabaseAbsent: the database does not answer.
            psycopg2.Error: it answers, but a view is missing or not permitted, or a query took too long.
        """
        with self._pool.connection() as session, session.cursor() as cursor:
            cursor.execute(_sql("begin"))
            try:
                return self._read(cursor, span_minutes)
            finally:
                if not session.closed:
                    cursor.execute("ROLLBACK")

    def _read(self, cursor: Cursor, span_minutes: int) -> Snapshot:
        window = {"line_minutes": LINE_MINUTES}
        top = _read_rows(cursor, "top_hashtags", TopHashtag, {"span_minutes": span_minutes, "top": TOP})
        tags = {"hashtags": [tag.hashtag for tag in top], **window}
        return Snapshot(
            read_at=_read_moment(cursor),
            span_minutes=span_minutes,
            freshness=_read_rows(cursor, "freshness", Freshness),
            top_hashtags=top,
            hashtag_minutes=_read_rows(cursor, "hashtag_minutes", HashtagMinute, tags),
            sensor_states=self._with_bands(cursor, _read_rows(cursor, "sensor_states", SensorState)),
            sensor_minutes=_read_rows(cursor, "sensor_minutes", SensorMinute, window),
            outcome_counts=_read_rows(cursor, "outcome_counts", OutcomeCount),
        )

    def _with_bands(self, cursor: Cursor, states: tuple[SensorState, ...]) -> tuple[SensorState, ...]:
        if time.monotonic() - self._bands_at > BANDS_SECONDS:
            bands = _read_rows(cursor, "normal_bands", NormalBand)
            self._bands = {(band.machine_id, band.sensor): band for band in bands}
            self._bands_at = time.monotonic()
        return tuple(_with_band(state, self._bands.get((state.machine_id, state.sensor))) for state in states)


def _with_band(state: SensorState, band: NormalBand | None) -> SensorState:
    return replace(state, normal_low=band.normal_low, normal_high=band.normal_high) if band else state


def _read_rows(cursor: Cursor, name: str, row: type[Row], parameters: dict[str, Any] | None = None) -> tuple[Row, ...]:
    """Runs sql/`name`.sql; columns are matched with the fields of `row` by name, whatever their order."""
    cursor.execute(_sql(name), parameters)
    wanted = {field.name for field in fields(row)}  # type: ignore[arg-type]  # every row class is a dataclass
    columns = [(index, column.name) for index, column in enumerate(cursor.description or ()) if column.name in wanted]
    return tuple(row(**{column: values[index] for index, column in columns}) for values in cursor.fetchall())


def _read_moment(cursor: Cursor) -> Any:
    cursor.execute(_sql("moment"))
    return cursor.fetchone()[0]  # type: ignore[index]  # SELECT now() has one row


@cache
def _sql(name: str) -> str:
    return read_sql(f"dashboards/sql/{name}.sql")
