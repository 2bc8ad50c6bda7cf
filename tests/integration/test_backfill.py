"""Backfill: rows that a mistake in the code made are made again, and everything that was made of them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from pyspark.sql import DataFrame

from jobs.backfill import main
from streaming.local.processes import wait_until
from streaming.operations.backfill import Difference, SilverBackfill, open_backfill
from streaming.queries.runtime import Runtime
from streaming.queries.topic_pipelines import TopicPipeline, build_topic_pipelines
from streaming.transforms import posts
from tests.support.faults.fixtures import Judge, ci_runs
from tests.support.stream import PATIENCE_SECONDS, StreamBench, make_post, make_reading, send_mixture, with_rules

POSTS = ("posts", "bronze")


@pytest.fixture
def mistake(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A bug of yesterday's code: only tags of two letters count; calling it mends the code."""
    right = posts.MAX_TAG_LENGTH
    monkeypatch.setattr(posts, "MAX_TAG_LENGTH", 2)
    return lambda: monkeypatch.setattr(posts, "MAX_TAG_LENGTH", right)


def backfill(bench: StreamBench, table: str, runtime: Runtime | None = None, *, apply: bool = True) -> Difference:
    runtime, now = runtime or bench.make_runtime(), datetime.now(UTC)
    pipelines = build_topic_pipelines(runtime.key_file)
    return open_backfill(runtime, pipelines, table, now - timedelta(days=1), now + timedelta(days=1)).run(apply=apply)


@pytest.mark.fault("F11")
def test_rows_are_made_again_and_all_that_was_made_of_them(
    bench: StreamBench, mistake: Callable[[], None], judge: Judge
) -> None:
    send_mixture(bench, 0)
    bench.drain()
    mistake()
    assert not bench.prove().is_exact
    expected = Difference(rows=40, changed=40, by_column={"counted_hashtags": 40})
    assert backfill(bench, "silver/posts", apply=False) == expected
    assert backfill(bench, "silver/posts", apply=False) == expected  # looking changes nothing
    assert backfill(bench, "silver/posts") == expected
    assert backfill(bench, "silver/posts") == Difference(rows=40, by_column={})
    send_mixture(bench, 20)  # half of it repeats what silver holds
    bench.drain()
    judge(bench.prove().checks)
    assert bench.count("silver/posts") == 60


@pytest.mark.fault("F11")
def test_on_an_idle_topic_the_running_stream_follows_a_backfill(
    bench: StreamBench, mistake: Callable[[], None], judge: Judge
) -> None:
    """No record comes any more that would make a batch."""
    send_mixture(bench, 0)
    bench.drain()
    mistake()
    with bench.live(("posts", "gold_posts")) as runtime:
        assert backfill(bench, "silver/posts", runtime).changed == 40
        assert not bench.prove().is_exact
        assert wait_until(lambda: bench.prove().is_exact, PATIENCE_SECONDS)
    judge(bench.prove().checks)


@pytest.mark.fault("F11")
@pytest.mark.parametrize("moment", ci_runs("F11", ["before", "after"], "after"))
def test_a_backfill_killed_around_its_commit_rolls_forward(
    bench: StreamBench, mistake: Callable[[], None], moment: str, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_mixture(bench, 0)
    bench.drain()
    mistake()
    write = SilverBackfill._write

    def killed(self: SilverBackfill, differing: DataFrame) -> None:
        if moment == "after":
            write(self, differing)
        raise KeyboardInterrupt

    with monkeypatch.context() as crash:
        crash.setattr(SilverBackfill, "_write", killed)
        with pytest.raises(KeyboardInterrupt):
            backfill(bench, "silver/posts")
    if moment == "before":
        assert backfill(bench, "silver/posts").changed == 40
    bench.drain()
    judge(bench.prove().checks)


def test_what_present_rules_refuse_stays_as_it_was_decided(bench: StreamBench) -> None:
    bench.send("posts", [make_post(1), make_post(2, text="x" * 80)])
    bench.drain(POSTS)
    runtime, now = bench.make_runtime(), datetime.now(UTC)
    tight = {**runtime.rules.max_lengths, "text": 60}
    pipeline = build_topic_pipelines(runtime.key_file)["posts"]
    strict = with_rules(runtime, max_lengths=tight)
    found = SilverBackfill(strict, pipeline, now - timedelta(days=1), now).run(apply=True)
    assert (found.rows, found.changed, found.left_alone) == (2, 0, 1)
    assert bench.count("silver/posts") == 2


def test_gold_is_counted_again_from_the_silver_it_condensed(bench: StreamBench, judge: Judge) -> None:
    bench.send("readings", [make_reading(number) for number in range(30)])
    bench.drain()
    table = "gold/machine_minutes"
    path = str(bench.table(table))
    bench.spark.sql(f"UPDATE delta.`{path}` SET readings = readings + 1 WHERE sensor = 'power_kw'")  # noqa: S608 - a path of this test
    bench.spark.sql(f"DELETE FROM delta.`{path}` WHERE sensor = 'pressure_bar'")  # noqa: S608 - a path of this test
    wrong = backfill(bench, table)
    assert wrong.missing == wrong.changed > 0
    assert wrong.by_column == {"readings": wrong.changed}
    assert backfill(bench, table).is_none
    bench.send("readings", [make_reading(number) for number in range(30, 40)])
    bench.drain()
    judge(bench.prove().checks)


def test_a_time_outside_the_range_is_left_alone(bench: StreamBench, mistake: Callable[[], None]) -> None:
    bench.send("posts", [make_post(1)])
    bench.drain(POSTS)
    mistake()
    runtime, now = bench.make_runtime(), datetime.now(UTC)
    pipeline: TopicPipeline = build_topic_pipelines(runtime.key_file)["posts"]
    assert SilverBackfill(runtime, pipeline, now, now + timedelta(hours=1)).run(apply=True) == Difference(
        0, by_column={}
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--table", "silver/post", "--from", "2026-01-01", "--to", "2026-01-02"], "invalid choice"),
        (["--table", "silver/posts", "--from", "yesterday", "--to", "2026-01-02"], "is not a time like"),
        (["--table", "silver/posts", "--from", "2026-01-03", "--to", "2026-01-02"], "must lie before"),
    ],
)
def test_wrong_words_are_one_sentence(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(words)
    assert sentence in capsys.readouterr().err
