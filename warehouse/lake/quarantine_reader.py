"""Reads quarantine without Spark: how many records wait, by rule, and the bytes of one record."""

import re
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from warehouse.errors import WarehouseError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class NoSuchRecord(WarehouseError):
    """No record of quarantine has this id."""


@dataclass(frozen=True)
class RecordId:
    """Coordinates of one record; as text `topic/generation/partition/offset`."""

    topic: str
    generation: int
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.generation}/{self.partition}/{self.offset}"


@dataclass(frozen=True)
class Selection:
    """Which records of quarantine to use; None and no ids: all of them."""

    topic: str | None = None
    rule: str | None = None
    before: datetime | None = None  # first seen before this moment
    ids: tuple[RecordId, ...] = ()

    def topics(self, known: tuple[str, ...]) -> tuple[str, ...]:
        """The topics that may hold selected records."""
        named = {record.topic for record in self.ids}
        return tuple(name for name in known if self.topic in (None, name) and (not named or name in named))


@dataclass(frozen=True)
class RuleSummary:
    """Records of one topic that broke the same rule."""

    topic: str
    rule: str
    waiting: int
    replayed: int
    purged: int
    oldest: datetime
    newest: datetime


@dataclass(frozen=True)
class Record:
    """One record as it arrived, and why it could not be used."""

    id: RecordId
    kafka_at: datetime
    rule: str
    reason: str
    first_seen_at: datetime
    replayed_at: datetime | None
    purged_at: datetime | None
    key: bytes | None
    value: bytes | None

    @property
    def state(self) -> str:
        """waiting, replayed or purged."""
        return "replayed" if self.replayed_at else "purged" if self.purged_at else "waiting"


def parse_id(text: str) -> RecordId:
    """The id in a text.

    Raises:
        ValueError: it is not an id.
    """
    topic, *numbers = text.split("/")
    if len(numbers) != 3 or not all(number.isdigit() for number in numbers):
        raise ValueError(f"{text!r} is not topic/generation/partition/offset")
    return RecordId(topic, *map(int, numbers))


def parse_age(text: str) -> timedelta:
    """`90s`, `15m`, `12h` or `30d`.

    Raises:
        ValueError: it is none of them.
    """
    found = re.fullmatch(r"(\d+)([smhd])", text)
    if found is None:
        raise ValueError(f"{text!r} is not an age like 90s, 15m, 12h or 30d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def summarize_rules(lake: Path, topics: tuple[str, ...], selection: Selection) -> list[RuleSummary]:
    """Counts by topic and rule, most waiting first."""
    return [RuleSummary(*row) for row in _query(lake, topics, selection, _SUMMARY)]


def list_records(lake: Path, topics: tuple[str, ...], selection: Selection, limit: int) -> list[Record]:
    """The newest records that still wait, without their bytes."""
    return [_to_record(row) for row in _query(lake, topics, selection, _NEWEST, limit=limit)]


def read_record(lake: Path, topics: tuple[str, ...], record: RecordId) -> Record:
    """One record with its bytes.

    Raises:
        NoSuchRecord: quarantine does not hold it.
    """
    rows = _query(lake, topics, Selection(ids=(record,)), "SELECT * FROM selected")
    if not rows:
        raise NoSuchRecord(f"{record} is not in quarantine: ./spark-submit.sh quarantine list shows what is")
    return _to_record(rows[0])


def _query(lake: Path, topics: tuple[str, ...], selection: Selection, question: str, **values: int) -> list[Any]:
    with closing(duckdb.connect()) as database:
        database.execute(_CREATE)
        for topic in selection.topics(topics):
            files = _find_files(lake / "quarantine" / topic)
            if files:
                ids = [str(record) for record in selection.ids]
                wanted = {"rule": selection.rule, "before": selection.before, "ids": ids}
                database.execute(_SELECT, {"topic": topic, "files": files, **wanted})
        return database.execute(question, values).fetchall()


def _find_files(table: Path) -> list[str]:
    try:
        return DeltaTable(str(table)).file_uris()
    except TableNotFoundError:
        return []


_CREATE = """
SET TimeZone = 'UTC';
CREATE TABLE selected (topic VARCHAR, generation INTEGER, "partition" INTEGER, "offset" BIGINT, kafka_at TIMESTAMPTZ,
    rule VARCHAR, reason VARCHAR, first_seen_at TIMESTAMPTZ, replayed_at TIMESTAMPTZ, purged_at TIMESTAMPTZ,
    "key" BLOB, "value" BLOB)"""

# Bytes only where a record was asked for by its id. The empty second part names what older files do not have yet.
_SELECT = """
INSERT INTO selected
SELECT $topic, generation, "partition", "offset", kafka_at, rule, reason, first_seen_at, replayed_at, purged_at,
    CASE WHEN len($ids) > 0 THEN "key" END, CASE WHEN len($ids) > 0 THEN "value" END
FROM (
    SELECT * FROM read_parquet($files, union_by_name = true)
    UNION ALL BY NAME SELECT NULL::TIMESTAMPTZ AS purged_at WHERE false
)
WHERE ($rule IS NULL OR rule = $rule) AND ($before IS NULL OR first_seen_at < $before)
    AND (len($ids) = 0 OR list_contains($ids, concat_ws('/', $topic, generation, "partition", "offset")))"""

_SUMMARY = """
SELECT topic, rule, count(*) FILTER (replayed_at IS NULL AND purged_at IS NULL), count(replayed_at),
    count(*) FILTER (replayed_at IS NULL AND purged_at IS NOT NULL), min(first_seen_at), max(first_seen_at)
FROM selected GROUP BY topic, rule ORDER BY 3 DESC, topic, rule"""

_NEWEST = """
SELECT * FROM selected WHERE replayed_at IS NULL AND purged_at IS NULL
ORDER BY first_seen_at DESC, topic, generation, "partition", "offset" DESC LIMIT $limit"""


def _to_record(row: tuple[Any, ...]) -> Record:
    return Record(RecordId(*row[:4]), *row[4:])
