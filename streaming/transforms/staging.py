"""Kafka's bytes -> staged rows -> rows of silver, deletions and quarantine.

A staged row is what a topic query holds in memory while it writes a batch: coordinates, outcome and deduplication key
of the record, and the columns of its silver table.

The verdict is Python code (`streaming.records`) over Arrow batches: one function, 25 to 40 us a record. The same rules
as some hundred Catalyst expressions took 200 to 300 us a record, and 190 to 390 ms to plan in each batch.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from streaming.records.identity import key_of_coordinates, key_of_event
from streaming.records.judge import RecordType, Verdict, make_judge
from streaming.records.names import load_pseudonyms
from streaming.records.quality_rules import QualityRules
from warehouse.lake.schemas import quarantine, silver
from warehouse.lake.schemas.coordinates import COORDINATE_KEY, COORDINATES

JUDGED = StructType(
    [
        StructField("key", BinaryType()),  # key and value: of rejected records, only quarantine stores them
        StructField("value", BinaryType()),
        StructField("rule", StringType()),  # rule and reason: null if valid
        StructField("reason", StringType()),
        StructField("outcome", StringType()),  # silver, deletion or quarantine:<rule>
        StructField("is_late", BooleanType()),  # of silver rows: the event is older than the rules' `late_seconds`
        StructField("event_at", TimestampType()),
        StructField("dedup_key", BinaryType()),
        StructField("unknown_fields", ArrayType(StringType())),  # null if the value is no JSON object
        StructField("record_bytes", LongType()),  # of the record's value
        StructField("warned", StringType()),  # the rule with action `warn` that a silver row breaks
    ]
)
"""What every topic's staged rows have beside coordinates and the columns of their silver table."""
Stage = Callable[[DataFrame, QualityRules], DataFrame]


def select_coordinates(kafka_records: DataFrame, generation: int) -> DataFrame:
    """Kafka's columns -> generation, partition, offset, kafka_at, key, value."""
    return kafka_records.select(
        F.lit(generation).alias("generation"),
        F.col("partition"),
        F.col("offset"),
        F.col("timestamp").alias("kafka_at"),
        F.col("key"),
        F.col("value"),
    )


def make_stage(record_type: RecordType, table: StructType, key_file: str) -> Stage:
    """A function (records, rules) -> staged rows without `ingested_at` and `ingest_date`.

    Records have coordinates, key, value, and any other columns, which stay. `table` is the schema of the silver table;
    `key_file` holds the pseudonyms' key, which only Python workers read, so that it reaches no plan.
    """
    given = {field.name for field in (*COORDINATES, *silver.INGESTION)}
    own = StructType([StructField(field.name, field.dataType) for field in table if field.name not in given])
    computed = StructType([*JUDGED, *own])

    def stage(records: DataFrame, rules: QualityRules) -> DataFrame:
        kept = [field for field in records.schema if field.name not in ("key", "value")]
        schema = StructType([*kept, *computed])
        return records.mapInArrow(_make_batch_function(record_type, rules, key_file, computed), schema)

    return stage


def with_ingestion(staged: DataFrame, ingested_at: Column) -> DataFrame:
    """Adds `ingested_at` and its UTC date."""
    return staged.withColumn("ingested_at", ingested_at).withColumn("ingest_date", F.to_date("ingested_at"))


def measure_bytes(staged: DataFrame) -> int:
    """The bytes of all values: about what the rows take in memory. Runs a Spark job."""
    return int(staged.agg(F.sum("record_bytes")).collect()[0][0] or 0)


def select_silver(staged: DataFrame, table: StructType) -> DataFrame:
    """Staged rows -> rows of a silver table."""
    return staged.where("outcome = 'silver'").select(*table.names)


def select_deletions(staged: DataFrame) -> DataFrame:
    """Staged deletions -> rows of schemas.silver.POST_DELETIONS."""
    deletions = staged.where("outcome = 'deletion'").withColumn("deleted_at", F.col("event_at"))
    return deletions.select(*silver.POST_DELETIONS.names)


def select_rejected(staged: DataFrame) -> DataFrame:
    """Staged rows -> rows of schemas.quarantine.REJECTED, with their original bytes."""
    never = F.lit(None).cast("timestamp")
    columns = {"first_seen_at": F.col("ingested_at"), "replayed_at": never, "purged_at": never}
    return staged.where("rule IS NOT NULL").withColumns(columns).select(*quarantine.REJECTED.names)


def _make_batch_function(
    record_type: RecordType, rules: QualityRules, key_file: str, computed: StructType
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Runs in the Python workers."""
    types = to_arrow_schema(computed, timezone="UTC")

    def stage_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        judge = make_judge(record_type, rules, load_pseudonyms(key_file))
        for batch in batches:
            kafka_at = batch.column("kafka_at").cast(pa.int64()).to_pylist()
            values = batch.column("value").to_pylist()
            verdicts = [judge(value, at) for value, at in zip(values, kafka_at, strict=True)]
            columns = {name: batch.column(name) for name in batch.schema.names if name not in ("key", "value")}
            for name, items in _columns_of(batch, values, verdicts, types.names).items():
                columns[name] = pa.array(items, types.field(name).type)
            yield pa.RecordBatch.from_pydict(columns)

    return stage_batches


def _columns_of(
    batch: pa.RecordBatch, values: list[bytes | None], verdicts: list[Verdict], names: list[str]
) -> dict[str, list[Any]]:
    """The computed columns, each as a list: a dictionary per row would cost three times as much."""
    rejections = [verdict.rejection for verdict in verdicts]
    usable = [verdict.usable for verdict in verdicts]
    places = zip(*(batch.column(name).to_pylist() for name in COORDINATE_KEY), strict=True)
    judged: dict[str, list[Any]] = {
        "key": _keep_rejected(batch.column("key").to_pylist(), verdicts),
        "value": _keep_rejected(values, verdicts),
        "rule": [None if rejection is None else rejection.rule for rejection in rejections],
        "reason": [None if rejection is None else rejection.reason for rejection in rejections],
        "outcome": [_outcome_of(verdict) for verdict in verdicts],
        "is_late": [verdict.is_late for verdict in verdicts],
        "event_at": [None if row is None else row.at for row in usable],
        "dedup_key": [
            key_of_coordinates(*place) if row is None else key_of_event(row.kind, *row.identity)
            for place, row in zip(places, usable, strict=True)
        ],
        "unknown_fields": [verdict.unknown_fields for verdict in verdicts],
        "record_bytes": [len(value or b"") for value in values],
        "warned": [None if row is None else row.warned for row in usable],
    }
    own = [name for name in names if name not in judged]
    return {**judged, **{name: [None if row is None else row.values.get(name) for row in usable] for name in own}}


def _outcome_of(verdict: Verdict) -> str:
    return verdict.usable.outcome if verdict.usable else f"quarantine:{verdict.rejection.rule}"  # type: ignore[union-attr]  # one of the two is set


def _keep_rejected(values: list[bytes | None], verdicts: list[Verdict]) -> list[bytes | None]:
    return [value if verdict.rejection else None for value, verdict in zip(values, verdicts, strict=True)]
