"""Both definitions of a batch's aggregation give the same rows, whatever the records are."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import BinaryType, StructField, StructType

from jobs.settings import load_quality
from jobs.wiring import build_rules
from streaming.queries.topic_pipelines import TopicPipeline, build_topic_pipelines
from streaming.records.quality_rules import QualityRules
from streaming.transforms.one_pass import add_up
from streaming.transforms.staging import with_ingestion
from tests.support import verdicts
from tests.support.faults.poison import CASES
from warehouse.lake.schemas.coordinates import COORDINATES

ARRIVED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RECORDS = StructType([*COORDINATES, StructField("key", BinaryType()), StructField("value", BinaryType())])
TAGS = ["a", "B", "\u00e1gua", "\u65e5\u672c", "z\u0308", "\U0001f600x", "o" * 101, 'quote"s', "b\\ack", "rio"]


@pytest.fixture(scope="module", params=[{}, {"ancient_time": "warn", "future_time": "warn"}], ids=["reject", "warn"])
def rules(request: pytest.FixtureRequest) -> QualityRules:
    return build_rules(load_quality().model_copy(update={"actions": request.param}))


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, TopicPipeline]:
    key: Path = tmp_path_factory.mktemp("keys") / "pseudonym.key"
    key.write_text("00" * 32)
    return build_topic_pipelines(str(key))


def draw_time(chance: random.Random) -> str:
    moments = [
        ARRIVED - timedelta(seconds=chance.uniform(0, 3 * 86_400)),
        ARRIVED.replace(hour=0) - timedelta(microseconds=chance.randint(0, 1)),
        datetime(1650, 1, 1, tzinfo=UTC) + timedelta(microseconds=chance.randint(0, 10**15)),
    ]
    return chance.choice(moments).isoformat(timespec="microseconds")


def draw_post(chance: random.Random, number: int) -> bytes:
    tags = chance.choices(TAGS, k=chance.choice([0, 1, 2, 12])) + [f"t{n}" for n in range(chance.choice([0, 0, 40]))]
    optional = (
        {"hashtags": tags} if chance.random() < 0.5 else {"text": " ".join(f"#{tag} @m{len(tag)}" for tag in tags)}
    )
    if chance.random() < 0.3:
        optional["in_reply_to"] = "other"
    kind = "deletion" if chance.random() < 0.1 else "post"
    lang, author = chance.choice(["pt", "EN", "x-\u00e1"]), f"a{chance.randint(0, 5)}"
    return verdicts.post(
        post_id=f"p{number}", author_id=author, lang=lang, kind=kind, created_at=draw_time(chance), **optional
    )


def draw_reading(chance: random.Random, number: int) -> bytes:
    values = {"temperature_c": chance.uniform(-50, 150), "vibration_mm_s": 99_999_999_999.9999, "parts_count": number}
    return verdicts.reading(
        reading_id=f"r{number}", machine_id=f"m{number % 3}", measured_at=draw_time(chance), **values
    )


def draw_event(chance: random.Random, number: int) -> bytes:
    return verdicts.event(event_id=f"e{number}", occurred_at=draw_time(chance), detail=chance.choice([None, "x"]))


DRAWS = {
    "posts": (draw_post, verdicts.POSTS),
    "readings": (draw_reading, verdicts.READINGS),
    "machine_events": (draw_event, verdicts.EVENTS),
}


def make_batch(spark: SparkSession, topic: str, chance: random.Random) -> DataFrame:
    """Every known verdict, every kind of poison, and random valid records, in random order."""
    draw, known = DRAWS[topic]
    values = [value for value, _ in known] + [draw(chance, number) for number in range(150)]
    values += [case.make(chance, number) for number, case in enumerate(CASES[topic]) if not case.large]
    chance.shuffle(values)
    rows = [(1, chance.randint(0, 3), offset, ARRIVED, None, value) for offset, value in enumerate(values)]
    return spark.createDataFrame(rows, RECORDS)


def canonical(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(str(sorted((name, str(value)) for name, value in row.items())) for row in rows)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("topic", DRAWS)
def test_spark_and_arrow_add_up_the_same(
    spark: SparkSession, rules: QualityRules, pipelines: dict[str, TopicPipeline], topic: str, seed: int
) -> None:
    pipeline = pipelines[topic]
    chance = random.Random(f"{topic} {seed}")  # noqa: S311 - repeatable
    staged = with_ingestion(pipeline.stage(make_batch(spark, topic, chance), rules), F.lit(ARRIVED)).persist()
    by_spark = add_up(staged, pipeline.aggregation).toArrow()
    by_arrow = pipeline.add_up_in_arrow(staged.toArrow())
    staged.unpersist()
    assert set(by_arrow.column_names) - set(by_spark.column_names) <= {"key_b"}  # no key of machine events
    by_arrow = by_arrow.select(by_spark.column_names)
    assert by_arrow.schema.types == by_spark.schema.types
    spark_rows, arrow_rows = canonical(by_spark.to_pylist()), canonical(by_arrow.to_pylist())
    assert arrow_rows == spark_rows
    assert len(arrow_rows) > 20


@pytest.mark.parametrize("topic", DRAWS)
def test_a_batch_without_rows_adds_nothing(
    spark: SparkSession, rules: QualityRules, pipelines: dict[str, TopicPipeline], topic: str
) -> None:
    pipeline = pipelines[topic]
    staged = with_ingestion(pipeline.stage(spark.createDataFrame([], RECORDS), rules), F.lit(ARRIVED))
    added: pa.Table = pipeline.add_up_in_arrow(staged.toArrow())
    assert added.num_rows == 0
