"""Topic machine_events (failures and maintenance of machines): bytes -> validated events -> staged rows."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from streaming.transforms.deduplication import deduplication_key
from streaming.transforms.parsing import parse_json, select_staged, with_outcome, with_verdict
from streaming.transforms.quality_rules import (
    Check,
    QualityRules,
    check_flat,
    check_required,
    check_strings,
    check_time,
)
from warehouse.lake.schemas import silver

REQUIRED = ["event_id", "machine_id", "occurred_at", "kind"]
JSON_SCHEMA = StructType([StructField(name, StringType()) for name in (*REQUIRED, "detail")])


def parse_machine_events(records: DataFrame, rules: QualityRules) -> DataFrame:
    """Rows of `select_coordinates` -> coordinates, key, value, event, rejection, event_at, kind, dedup_key,
    unknown_fields, warned."""
    event = F.col("event")
    known = event["kind"].isin("failure", "maintenance")
    checks = [
        *check_flat(event, F.col("text"), [*REQUIRED, "detail"]),
        *check_required(event, REQUIRED),
        Check(~known, "unknown_kind", "kind is neither failure nor maintenance"),
        *check_strings(event, ["event_id", "machine_id", "detail"], rules),
        *check_time("occurred_at", rules),
    ]
    return (
        records.transform(parse_json, JSON_SCHEMA, "occurred_at")
        .transform(with_verdict, checks, rules)
        .withColumn("kind", F.lit("machine_event"))
        .withColumn("dedup_key", deduplication_key(F.col("kind"), [event["event_id"]]))
        .drop("text")
    )


def stage_machine_events(events: DataFrame, late_seconds: int) -> DataFrame:
    """Deduplicated events -> staged rows with the columns of schemas.silver.MACHINE_EVENTS."""
    columns = {
        "event_id": F.col("event.event_id"),
        "machine_id": F.col("event.machine_id"),
        "occurred_at": F.col("event_at"),
        "kind": F.col("event.kind"),
        "detail": F.col("event.detail"),
        "ingest_date": F.to_date("ingested_at"),
    }
    staged = events.transform(with_outcome, late_seconds).withColumns(columns)
    return staged.transform(select_staged, silver.MACHINE_EVENTS)
