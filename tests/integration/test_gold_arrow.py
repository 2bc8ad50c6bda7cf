"""Gold's aggregates and merges by Arrow and delta-rs give what Spark gives."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from streaming.queries.gold import GOLD, combine_columns
from warehouse.lake.arrow_io import ArrowTable
from warehouse.lake.commit_metadata import CommitMetadata
from warehouse.lake.delta_io import read_table, table_path
from warehouse.lake.delta_log import DeltaLog
from warehouse.lake.schemas.silver import SENSORS
from warehouse.lake.table_creation import create_table
from warehouse.settings import LakeSettings

DAY = datetime(2026, 3, 1, tzinfo=UTC)
AGGREGATES = {a.table.name: (pipeline, a) for pipeline in GOLD for a in pipeline.aggregates}


def draw_rows(chance: random.Random, size: int) -> list[dict[str, Any]]:
    """Columns of posts and readings alike, with times around midnight and before 1970."""
    return [
        {
            "created_at": (at := draw_time(chance)),
            "measured_at": at,
            "counted_hashtags": chance.choices(["a", "\u00e1", "b"], k=chance.randint(0, 3)),
            "lang": chance.choice(["pt", "en"]),
            "author_pseudonym": chance.choice("xyz"),
            "in_reply_to": chance.choice([None, "p"]),
            "mention_pseudonyms": chance.sample("uvw", k=chance.randint(0, 3)),
            "machine_id": chance.choice(["m1", "m2"]),
            **{sensor: Decimal(chance.randint(-(10**17), 10**17)).scaleb(-4) for sensor in SENSORS},
        }
        for _ in range(size)
    ]


def draw_time(chance: random.Random) -> datetime:
    start = chance.choice([DAY, DAY - timedelta(microseconds=1), datetime(1650, 1, 1, tzinfo=UTC)])
    return start + timedelta(microseconds=chance.randint(0, 3 * 10**8))


@pytest.mark.parametrize("name", AGGREGATES)
def test_merged_chunks_equal_one_aggregation_by_spark(spark: SparkSession, tmp_path: Path, name: str) -> None:
    pipeline, aggregate = AGGREGATES[name]
    day = "interval 1 day"
    lake = LakeSettings(path=tmp_path, local_locks=True, log_retention=day, deleted_file_retention=day)
    create_table(lake, aggregate.table)
    table = ArrowTable(aggregate.table, table_path(lake, aggregate.table))
    types = [field for field in pipeline.silver.schema.fields if field.name in aggregate.columns]
    schema = type(pipeline.silver.schema)(types)
    chance, everything = random.Random(name), []  # noqa: S311 - repeatable
    for number, size in enumerate([40, 0, 60, 1]):
        rows = [{field.name: row[field.name] for field in types} for row in draw_rows(chance, size)]
        everything += rows
        batch = spark.createDataFrame(rows, schema).toArrow()
        metadata = CommitMetadata(pipeline.name, 1, silver_version=number)
        table.merge(aggregate.count_in_arrow(batch), aggregate.table.key, combine_columns(aggregate.table), metadata)
        newest = DeltaLog(table_path(lake, aggregate.table)).newest_metadata()
        assert newest is not None
        assert newest.silver_version == number
    expected = (
        spark.createDataFrame(everything, schema).transform(aggregate.count).select(*aggregate.table.schema.names)
    )
    found = read_table(spark, table_path(lake, aggregate.table)).select(*aggregate.table.schema.names)
    assert sorted(map(str, found.collect())) == sorted(map(str, expected.collect()))
    assert found.count() > 3
