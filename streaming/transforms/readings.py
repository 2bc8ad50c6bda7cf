"""Topic readings (sensor values of machines): bytes -> validated events -> staged rows."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DoubleType, StringType, StructField, StructType

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

JSON_SCHEMA = StructType(
    [StructField(name, StringType()) for name in ("reading_id", "machine_id", "measured_at")]
    + [StructField(sensor, DoubleType()) for sensor in silver.SENSORS]
)
"""Values are parsed as doubles, then fixed to four decimals: parsed as a decimal, the twelve bytes 1e1000000000 would
become a number of a billion digits. As a double it is infinite and breaks the rule impossible_value."""


def parse_readings(records: DataFrame, rules: QualityRules) -> DataFrame:
    """Rows of `select_coordinates` -> coordinates, key, value, event, rejection, event_at, kind, dedup_key,
    unknown_fields, warned."""
    event = F.col("event")
    checks = [
        *check_flat(event, F.col("text"), ["reading_id", "machine_id", "measured_at"]),
        *check_required(event, ["reading_id", "machine_id", "measured_at", *silver.SENSORS]),
        *check_strings(event, ["reading_id", "machine_id"], rules),
        *check_time("measured_at", rules),
        *check_sensors(event, rules),
    ]
    return (
        records.transform(parse_json, JSON_SCHEMA, "measured_at")
        .transform(with_verdict, checks, rules)
        .withColumn("kind", F.lit("reading"))
        .withColumn("dedup_key", deduplication_key(F.col("kind"), [event["reading_id"]]))
        .drop("text")
    )


def check_sensors(event: Column, rules: QualityRules) -> list[Check]:
    """Each value within `rules.sensor_limits` (infinity is in none), and parts_count a whole number."""
    possible = [
        Check(
            ~event[sensor].between(*rules.sensor_limits[sensor]),
            "impossible_value",
            f"{sensor} is outside {rules.sensor_limits[sensor][0]}..{rules.sensor_limits[sensor][1]}",
        )
        for sensor in silver.SENSORS
    ]
    parts = event["parts_count"]
    return [*possible, Check(parts != F.floor(parts), "impossible_value", "parts_count is not a whole number")]


def stage_readings(events: DataFrame, late_seconds: int) -> DataFrame:
    """Deduplicated events -> staged rows with the columns of schemas.silver.READINGS."""
    columns = {
        "reading_id": F.col("event.reading_id"),
        "machine_id": F.col("event.machine_id"),
        "measured_at": F.col("event_at"),
        "ingest_date": F.to_date("ingested_at"),
        **{sensor: F.col(f"event.{sensor}").try_cast(silver.MEASURE) for sensor in silver.SENSORS},
    }
    return events.transform(with_outcome, late_seconds).withColumns(columns).transform(select_staged, silver.READINGS)
