"""Journal, lake and PostgreSQL as rows in memory. A test changes some rows, then all are written and recounted."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, write_deltalake

from warehouse.verification import Inputs, Limits, Report, verify
from warehouse.verification.postgres_reader import SCHEMAS

KEY = bytes(range(32))
SENSORS = ("temperature_c", "vibration_mm_s", "rotation_rpm", "pressure_bar", "power_kw", "parts_count")
LIMITS = Limits(
    max_lengths={
        "post_id": 64,
        "source": 64,
        "author_id": 128,
        "lang": 35,
        "text": 10000,
        "in_reply_to": 64,
        "reading_id": 64,
        "event_id": 64,
        "machine_id": 64,
        "detail": 1000,
    },
    sensor_limits={**dict.fromkeys(SENSORS, (0, 100000)), "temperature_c": (-100, 1000)},
    earliest="2000-01-01",
    tolerance_seconds=300,
    late_seconds=60,
)
AT, TEXT, TEXTS, MEASURE = pa.timestamp("us", "UTC"), pa.string(), pa.list_(pa.string()), pa.decimal128(18, 4)
COORDINATES = {"generation": pa.int32(), "partition": pa.int32(), "offset": pa.int64(), "kafka_at": AT}
INGESTION = {"ingested_at": AT, "ingest_date": pa.date32()}
LAKE: dict[str, dict[str, pa.DataType]] = {
    "bronze/records": {"topic": TEXT, **COORDINATES, "key": pa.binary(), "value": pa.binary(), **INGESTION},
    "silver/posts": {
        **COORDINATES,
        "post_id": TEXT,
        "source": TEXT,
        "author_pseudonym": TEXT,
        "created_at": AT,
        "lang": TEXT,
        "text": TEXT,
        "hashtags": TEXTS,
        "counted_hashtags": TEXTS,
        "mention_pseudonyms": TEXTS,
        "in_reply_to": TEXT,
        **INGESTION,
    },
    "silver/post_deletions": {**COORDINATES, "post_id": TEXT, "source": TEXT, "deleted_at": AT, **INGESTION},
    "silver/readings": {
        **COORDINATES,
        "reading_id": TEXT,
        "machine_id": TEXT,
        "measured_at": AT,
        **dict.fromkeys(SENSORS, MEASURE),
        **INGESTION,
    },
    "silver/machine_events": {
        **COORDINATES,
        "event_id": TEXT,
        "machine_id": TEXT,
        "occurred_at": AT,
        "kind": TEXT,
        "detail": TEXT,
        **INGESTION,
    },
    **{
        f"quarantine/{topic}": {
            **COORDINATES,
            "key": pa.binary(),
            "value": pa.binary(),
            "rule": TEXT,
            "reason": TEXT,
            "first_seen_at": AT,
            "replayed_at": AT,
            "purged_at": AT,
        }
        for topic in ("posts", "readings", "machine_events")
    },
    "gold/hashtag_minutes": {"minute": AT, "hashtag": TEXT, "lang": TEXT, "posts": pa.int64()},
    "gold/author_days": {
        "day": pa.date32(),
        "author_pseudonym": TEXT,
        "posts": pa.int64(),
        "replies": pa.int64(),
        "mentions": pa.int64(),
    },
    "gold/mention_edges": {
        "day": pa.date32(),
        "author_pseudonym": TEXT,
        "mention_pseudonym": TEXT,
        "mentions": pa.int64(),
    },
    "gold/author_hours": {"hour": AT, "author_pseudonym": TEXT, "posts": pa.int64(), "hashtags": pa.int64()},
    "gold/author_hashtag_days": {"day": pa.date32(), "author_pseudonym": TEXT, "hashtag": TEXT, "posts": pa.int64()},
    "gold/author_segments": {
        "day": pa.date32(),
        "author_pseudonym": TEXT,
        "segment_id": pa.int64(),
        "model_version": pa.int64(),
    },
    "gold/machine_minutes": {
        "minute": AT,
        "machine_id": TEXT,
        "sensor": TEXT,
        "readings": pa.int64(),
        "total": pa.decimal128(38, 4),
        "total_squares": pa.decimal128(38, 8),
        "lowest": MEASURE,
        "highest": MEASURE,
    },
}
PARTITION_BY = {"bronze/records": ["topic", "ingest_date"]}

Row = dict[str, Any]


@dataclass
class SampleLakehouse:
    """The rows of every table, which `verify` writes and recounts. It takes the place of `PostgresReader` (`read`)."""

    folder: Path
    tables: dict[str, list[tuple[Row, list[Row]]]]  # commits: (userMetadata, rows)
    postgres: dict[str, list[Row]]
    journal: list[Row]
    journal_end: str = "\n"  # the last characters of the journal's file
    drained: bool = False
    wait_seconds: float = 0.0
    key: str | None = KEY.hex()  # text of the key file; None: no file

    def rows(self, table: str) -> list[Row]:
        """All rows of a table of the lake, of all its commits."""
        return [row for _, rows in self.tables[table] for row in rows]

    def remove(self, table: str, **match: Any) -> Row:
        """Removes the first row of a table that has the values of `match`, and returns it."""
        for _, rows in self.tables[table]:
            for row in rows:
                if match.items() <= row.items():
                    rows.remove(row)
                    return row
        raise LookupError(match)

    def read(self, folder: Path) -> dict[str, pa.Table]:
        """The tables of PostgreSQL, as `PostgresReader` returns them."""
        return {name: pa.Table.from_pylist(self.postgres[name], schema) for name, schema in SCHEMAS.items()}

    def commit(self, table: str, metadata: Row, rows: list[Row]) -> None:
        """Writes one commit of a table."""
        properties = CommitProperties(custom_metadata={"userMetadata": json.dumps(metadata)} if metadata else {})
        data = pa.Table.from_pylist(rows, pa.schema(LAKE[table]))
        partition_by = PARTITION_BY.get(table, ["ingest_date"] if "ingest_date" in LAKE[table] else None)
        path = self.folder / "lake" / table
        write_deltalake(path, data, mode="append", partition_by=partition_by, commit_properties=properties)

    def write(self) -> None:
        """Writes lake, journal and key file."""
        for table, commits in self.tables.items():
            for metadata, rows in commits:
                self.commit(table, metadata, rows)
        (self.folder / "journal").mkdir()
        lines = "\n".join(map(json.dumps, self.journal)) + self.journal_end
        (self.folder / "journal" / "posts-1-1.jsonl").write_text(lines)
        if self.key is not None:
            (self.folder / "pseudonym.key").write_text(self.key)

    def verify(self) -> Report:
        """Writes everything and recounts it."""
        self.write()
        return self.recount()

    def recount(self) -> Report:
        """Recounts what was written before."""
        horizons = {"posts": 900, "readings": 86400, "machine_events": 86400}
        journal = self.folder / "journal" if self.journal else None
        key = self.folder / "pseudonym.key"
        return verify(
            Inputs(self.folder / "lake", key, LIMITS, horizons, journal, self.drained, self.wait_seconds), self
        )

    def find_failing_checks(self) -> set[str]:
        """Writes and recounts; returns the names of the checks that found a difference."""
        return {check.name for check in self.verify().checks if check.differences}
