"""The transforms as batch and as bounded stream: a row per rule, per hostile value and per aggregate."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import BinaryType, StructField, StructType

from jobs.settings import load_quality
from jobs.wiring import build_rules
from streaming.queries.topic_pipelines import build_topic_pipelines
from streaming.records.quality_rules import QualityRules
from streaming.transforms.deduplication import drop_repeats
from streaming.transforms.gold_aggregates import measure_by_machine_minute
from streaming.transforms.one_pass import add_up, as_staged
from streaming.transforms.staging import measure_bytes, select_silver, with_ingestion
from tests.support.verdicts import EVENTS, POSTS, READINGS, event, post, reading
from warehouse.lake.schemas.coordinates import COORDINATES

ARRIVED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
RECORDS = StructType([*COORDINATES, StructField("key", BinaryType()), StructField("value", BinaryType())])


@pytest.fixture(scope="module")
def rules() -> QualityRules:
    return build_rules(load_quality())


@pytest.fixture(scope="module")
def pipelines(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    key = tmp_path_factory.mktemp("keys") / "pseudonym.key"
    key.write_text("00" * 32)
    return build_topic_pipelines(str(key))


def make_records(spark: SparkSession, values: list[bytes | None]) -> DataFrame:
    rows = [(1, 0, offset, ARRIVED, None, value) for offset, value in enumerate(values)]
    return spark.createDataFrame(rows, RECORDS)


def stage(spark: SparkSession, rules: QualityRules, pipeline: Any, values: list[bytes | None]) -> DataFrame:
    """Staged rows of the records, as in the stream but without deduplication."""
    staged = pipeline.stage(make_records(spark, values), rules)
    return with_ingestion(staged, F.lit(ARRIVED))


@pytest.mark.parametrize(("topic", "cases"), [("posts", POSTS), ("readings", READINGS), ("machine_events", EVENTS)])
def test_each_record_becomes_a_staged_row(
    spark: SparkSession, rules: QualityRules, pipelines: dict[str, Any], topic: str, cases: list[tuple[bytes, str]]
) -> None:
    pipeline = pipelines[topic]
    staged = stage(spark, rules, pipeline, [value for value, _ in cases]).persist()
    assert {row["offset"]: row["rule"] for row in staged.collect()} == dict(enumerate(rule for _, rule in cases))
    silver = [field for field in select_silver(staged, pipeline.table.schema).schema]
    assert [field.dataType for field in silver] == [field.dataType for field in pipeline.table.schema]
    staged.unpersist()


def test_the_key_of_a_record_is_the_key_of_its_silver_row(
    spark: SparkSession, rules: QualityRules, pipelines: dict[str, Any]
) -> None:
    """Ids are compared with silver's after a state reset."""
    ids = ["1", "a|b", "\U0001f600", "\u00e9" * 64, "0:x"]
    staged = stage(
        spark, rules, pipelines["posts"], [post(post_id=name, source=ids[n - 1]) for n, name in enumerate(ids)]
    )
    deleted = stage(spark, rules, pipelines["posts"], [post(post_id=name, kind="deletion") for name in ids])
    for rows, kind in ((staged, "post"), (deleted, "deletion")):
        pairs = rows.select("dedup_key", pipelines["posts"].key_of(kind).alias("again")).collect()
        assert [row["dedup_key"] for row in pairs] == [row["again"] for row in pairs]
        assert len({bytes(row["dedup_key"]) for row in pairs}) == len(ids)


def test_rejected_rows_keep_their_bytes_and_the_reason_does_not_show_them(
    spark: SparkSession, rules: QualityRules, pipelines: dict[str, Any]
) -> None:
    secret = b'{"post_id": "very-private'
    rows = stage(spark, rules, pipelines["posts"], [secret, post()]).orderBy("offset").collect()
    assert bytes(rows[0]["value"]) == secret
    assert "very-private" not in rows[0]["reason"]
    assert rows[1]["value"] is None


def test_the_bytes_of_a_batch_are_those_of_its_values(
    spark: SparkSession, rules: QualityRules, pipelines: dict[str, Any]
) -> None:
    values = [post(), b"{", None, post(text="x" * 9_000)]
    assert measure_bytes(stage(spark, rules, pipelines["posts"], values)) == sum(len(value or b"") for value in values)
    assert measure_bytes(stage(spark, rules, pipelines["posts"], [])) == 0


def test_silver_post(spark: SparkSession, rules: QualityRules, pipelines: dict[str, Any]) -> None:
    text = "say #Stra\u00dfe,#STRASSE x#no \uff03no #a_1 @Bob mail@no @Bob #" + "y" * 101
    values = [post(text=text, lang="PT", in_reply_to="q"), post(hashtags=["#\ufb01lm"] + [f"t{n}" for n in range(40)])]
    staged = stage(spark, rules, pipelines["posts"], values)
    first, second = select_silver(staged, pipelines["posts"].table.schema).orderBy("offset").collect()
    assert first["hashtags"] == ["strasse", "a_1", "y" * 101]
    assert first["counted_hashtags"] == ["strasse", "a_1"]
    assert len(first["mention_pseudonyms"]) == 1
    assert first["lang"] == "pt"
    assert len(first["author_pseudonym"]) == 64
    assert len(second["hashtags"]) == 41
    assert second["counted_hashtags"] == ["film"] + [f"t{n}" for n in range(29)]


def test_unknown_fields_are_counted_with_the_first_record_that_has_them(
    spark: SparkSession, rules: QualityRules, pipelines: dict[str, Any]
) -> None:
    values = [
        post(),
        b"{",
        post(post_id="2", **{"new\n\u202e": 1, "x" * 99: 2}),
        post(post_id="3", zeta=[1], text=None),
        post(post_id="4", zeta=2),
        b'{"created_at": 1, "eta": {"deep": 1}}',
    ]
    staged = stage(spark, rules, pipelines["posts"], values)
    drift = add_up(staged, pipelines["posts"].aggregation).where("fact = 'drift'")
    found = {row["key_a"]: (row["n"], row["partition_offset"]) for row in drift.collect()}
    assert found == {"new??": (1, 2), "x" * 64: (1, 2), "zeta": (2, 3), "eta": (1, 5)}


def test_contributions_of_posts(spark: SparkSession, rules: QualityRules, pipelines: dict[str, Any]) -> None:
    old = "2026-03-01T11:00:00Z"
    values = [
        post(post_id="1", text="#b #a @x"),
        post(post_id="2", text="#a", in_reply_to="1", created_at=old),
        post(post_id="3"),
        post(post_id="4", kind="deletion", created_at=old),
        post(created_at="never"),
        None,
    ]
    staged = stage(spark, rules, pipelines["posts"], values)
    contributions = add_up(staged, pipelines["posts"].aggregation).where("fact != 'recent_post'").collect()
    counted = sorted((r["fact"], r["key_a"], r["key_b"], r["n"]) for r in contributions if r["fact"] != "author_day")
    assert counted == [
        ("deletion", "s", "4", 1),
        ("hashtag_minute", "a", "pt", 1),
        ("hashtag_minute", "a", "pt", 1),
        ("hashtag_minute", "b", "pt", 1),
        ("hashtag_pair_hour", "a", "b", 1),
        ("outcome", "deletion", None, 1),
        ("outcome", "quarantine:bad_time", None, 1),
        ("outcome", "quarantine:malformed", None, 1),
        ("outcome", "silver", None, 3),
    ]
    (author,) = [r for r in contributions if r["fact"] == "author_day"]
    assert (author["n"], author["m"], author["k"]) == (3, 1, 1)
    (outcome,) = [r for r in contributions if r["key_a"] == "silver"]
    assert (outcome["m"], outcome["newest_event_at"]) == (1, datetime(2026, 3, 1, 11, 59, 30))


@pytest.mark.parametrize("topic", ["posts", "readings", "machine_events"])
def test_silver_rows_contribute_the_same_as_their_batch(
    spark: SparkSession, rules: QualityRules, pipelines: dict[str, Any], topic: str
) -> None:
    """A catch-up after an outage reads silver's commits and must add what the batch itself would have added."""
    makers = {
        "posts": lambda n: post(post_id=str(n), text=f"#a #b{n} @c"),
        "readings": lambda n: reading(power_kw=n),
        "machine_events": lambda n: event(event_id=str(n)),
    }
    staged = stage(spark, rules, pipelines[topic], [makers[topic](n) for n in range(40)])
    silver = select_silver(staged, pipelines[topic].table.schema)
    of_batch, of_silver = (
        sorted(map(str, contributions.where("fact != 'outcome'").drop("newest_event_at").collect()))
        for contributions in (add_up(rows, pipelines[topic].aggregation) for rows in (staged, as_staged(silver)))
    )
    assert of_batch == of_silver
    assert len(of_batch) >= (6 if topic == "readings" else 40)


def test_sums_of_readings_are_exact(spark: SparkSession, rules: QualityRules, pipelines: dict[str, Any]) -> None:
    values = [reading(reading_id=str(n), temperature_c=0.1 + n / 1000) for n in range(3)]
    staged = stage(spark, rules, pipelines["readings"], values)
    silver = select_silver(staged, pipelines["readings"].table.schema)
    squares = Decimal("0.1000") ** 2 + Decimal("0.1010") ** 2 + Decimal("0.1020") ** 2
    wanted = [(3, Decimal("0.3030"), squares, Decimal("0.1000"), Decimal("0.1020"))]
    moments = ("total", "total_squares", "lowest", "highest")
    increments = add_up(staged, pipelines["readings"].aggregation).where("key_b = 'temperature_c'")
    assert [tuple(row) for row in increments.select("n", *moments).collect()] == wanted
    gold = measure_by_machine_minute(silver).where("sensor = 'temperature_c'")
    assert [tuple(row) for row in gold.select("readings", *moments).collect()] == wanted


def test_recent_posts_are_a_share_of_all_and_masked(
    spark: SparkSession, rules: QualityRules, pipelines: dict[str, Any]
) -> None:
    values = [post(post_id=str(n), text="hello @somebody bye@x", hashtags=['a"b', "c\\d"]) for n in range(600)]
    staged = stage(spark, rules, pipelines["posts"], values)
    contributions = add_up(staged, pipelines["posts"].aggregation).toArrow()
    (recent,) = (load.rows for load in pipelines["posts"].loads(contributions) if load.temp_table == "recent_post_rows")
    assert set(recent["masked_text"].to_pylist()) == {"hello @\u2026 bye@x"}
    assert set(recent["hashtags"].to_pylist()) == {'{"a\\"b","c\\\\d"}'}
    assert 10 < recent.num_rows < 60


def test_a_bounded_stream_drops_repeats_but_no_corrected_record_and_no_deletion(
    spark: SparkSession, rules: QualityRules, pipelines: dict[str, Any], tmp_path: Path
) -> None:
    batches = [
        [post(post_id="1"), post(post_id="1", text="edit"), post(post_id="2", created_at="never")],
        [post(post_id="2"), post(post_id="1"), post(post_id="1", kind="deletion"), post(post_id="1", source="other")],
    ]
    source, checkpoint = tmp_path / "in", tmp_path / "checkpoint"
    kept: list[tuple[str, str | None]] = []
    for batch in batches:
        make_records(spark, batch).coalesce(1).write.mode("append").parquet(str(source))
        records = spark.readStream.schema(RECORDS).parquet(str(source))
        events = pipelines["posts"].stage(records, rules).transform(drop_repeats, 900)
        query = (
            events.writeStream.option("checkpointLocation", str(checkpoint))
            .trigger(availableNow=True)
            .foreachBatch(
                lambda rows, _: kept.extend((f"{r['source']}/{r['post_id']}", r["rule"]) for r in rows.collect())
            )
            .start()
        )
        query.awaitTermination()
    wanted = [("other/1", None), ("s/1", None), ("s/1", None), ("None/None", "bad_time"), ("s/2", None)]
    assert sorted(kept, key=str) == sorted(wanted, key=str)
