"""Backfill: rows that a bug made wrong are computed again. `tests/faults/test_f11_backfill.py` interrupts it."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs.backfill import main
from streaming.operations.backfill import Difference, SilverBackfill
from streaming.queries.topic_pipelines import TopicPipeline, build_topic_pipelines
from tests.support.backfill import backfill, count_only_short_tags
from tests.support.faults.fixtures import AssertExact
from tests.support.records import make_post, make_reading
from tests.support.stream import InProcessStream, with_rules

QUERIES = ("posts", "bronze")


def test_rows_that_present_rules_refuse_stay_unchanged(stream: InProcessStream) -> None:
    stream.send("posts", [make_post(1), make_post(2, text="x" * 80)])
    stream.drain(QUERIES)
    runtime, now = stream.make_runtime(), datetime.now(UTC)
    tight = {**runtime.rules.max_lengths, "text": 60}
    pipeline = build_topic_pipelines(runtime.key_file)["posts"]
    strict = with_rules(runtime, max_lengths=tight)
    found = SilverBackfill(strict, pipeline, now - timedelta(days=1), now).run(apply=True)
    assert (found.rows, found.changed, found.not_recomputed) == (2, 0, 1)
    assert stream.count("silver/posts") == 2


def test_gold_is_aggregated_again_from_silver(stream: InProcessStream, assert_exact: AssertExact) -> None:
    stream.send("readings", [make_reading(number) for number in range(30)])
    stream.drain()
    table = "gold/machine_minutes"
    path = str(stream.table(table))
    stream.spark.sql(f"UPDATE delta.`{path}` SET readings = readings + 1 WHERE sensor = 'power_kw'")  # noqa: S608 - a path of this test
    stream.spark.sql(f"DELETE FROM delta.`{path}` WHERE sensor = 'pressure_bar'")  # noqa: S608 - a path of this test
    wrong = backfill(stream, table)
    assert wrong.missing == wrong.changed > 0
    assert wrong.by_column == {"readings": wrong.changed}
    assert backfill(stream, table).is_none
    stream.send("readings", [make_reading(number) for number in range(30, 40)])
    stream.drain()
    assert_exact(stream.verify().checks)


def test_rows_outside_the_range_are_unchanged(stream: InProcessStream, monkeypatch: pytest.MonkeyPatch) -> None:
    fix_code = count_only_short_tags(monkeypatch)
    stream.send("posts", [make_post(1)])
    stream.drain(QUERIES)
    fix_code()
    runtime, now = stream.make_runtime(), datetime.now(UTC)
    pipeline: TopicPipeline = build_topic_pipelines(runtime.key_file)["posts"]
    assert SilverBackfill(runtime, pipeline, now, now + timedelta(hours=1)).run(apply=True) == Difference(
        0, by_column={}
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--table", "silver/post", "--from", "2026-01-01", "--to", "2026-01-02"], "invalid choice"),
        (["--table", "silver/posts", "--from", "yesterday", "--to", "2026-01-02"], "is not a time like"),
        (["--table", "silver/posts", "--from", "2026-01-03", "--to", "2026-01-02"], "must lie before"),
    ],
)
def test_invalid_arguments_are_explained_in_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert sentence in capsys.readouterr().err
