"""Failures and maintenance of machines: bytes -> validated events -> silver rows."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from streaming.transforms.parsing import deduplication_key, parse_json, with_verdict
from streaming.transforms.rules import (
    Check,
    QualityRules,
    check_flat,
    check_required,
    check_strings,
    check_time,
    parse_time,
)
from warehouse.schemas import silver

REQUIRED = ["event_id", "machine_id", "occurred_at", "kind"]
WIRE = StructType([StructField(name, StringType()) for name in (*REQUIRED, "detail")])


def parse_machine_events(records: DataFrame, rules: QualityRules) -> DataFrame:
    """Coordinates + value -> coordinates, key, value, event, rejection, event_at, kind, dedup_key."""
    event = F.col("event")
    known = event["kind"].isin("failure", "maintenance")
    checks = [
        *check_flat(event, F.col("text"), [*REQUIRED, "detail"]),
        *check_required(event, REQUIRED),
        Check(~known, "unknown_kind", "kind is neither failure nor maintenance"),
        *check_strings(event, ["event_id", "machine_id", "detail"], rules),
        *check_time(event, "occurred_at", F.col("kafka_at"), rules),
    ]
    return (
        records.transform(parse_json, WIRE)
        .transform(with_verdict, checks)
        .withColumn("kind", F.lit("machine_event"))
        .withColumn("event_at", parse_time(event["occurred_at"]))
        .withColumn("dedup_key", deduplication_key(F.col("kind"), [event["event_id"]]))
        .drop("text")
    )


def select_machine_events(events: DataFrame) -> DataFrame:
    """Valid machine events -> rows of schemas.silver.MACHINE_EVENTS."""
    columns = {
        "event_id": F.col("event.event_id"),
        "machine_id": F.col("event.machine_id"),
        "occurred_at": F.col("event_at"),
        "kind": F.col("event.kind"),
        "detail": F.col("event.detail"),
        "ingest_date": F.to_date("ingested_at"),
    }
    return events.where(F.col("rejection").isNull()).withColumns(columns).select(*silver.MACHINE_EVENTS.names)
