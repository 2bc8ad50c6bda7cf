"""F11: backfill of rows that a bug made wrong: beside a running stream, and killed around its commit."""

import pytest
from pyspark.sql import DataFrame

from streaming.local.processes import wait_until
from streaming.operations.backfill import Difference, SilverBackfill
from tests.support.backfill import backfill, count_only_short_tags
from tests.support.faults.fixtures import AssertExact, ci_runs
from tests.support.stream import TIMEOUT_SECONDS, InProcessStream, send_posts_and_readings


@pytest.mark.fault("F11")
def test_backfill_corrects_rows_and_everything_derived_from_them(
    stream: InProcessStream, monkeypatch: pytest.MonkeyPatch, assert_exact: AssertExact
) -> None:
    fix_code = count_only_short_tags(monkeypatch)
    send_posts_and_readings(stream, 0)
    stream.drain()
    fix_code()
    assert not stream.verify().is_exact
    expected = Difference(rows=40, changed=40, by_column={"counted_hashtags": 40})
    assert backfill(stream, "silver/posts", apply=False) == expected
    assert backfill(stream, "silver/posts", apply=False) == expected  # without `apply` nothing is changed
    assert backfill(stream, "silver/posts") == expected
    assert backfill(stream, "silver/posts") == Difference(rows=40, by_column={})
    send_posts_and_readings(stream, 20)  # half of them are repeats
    stream.drain()
    assert_exact(stream.verify().checks)
    assert stream.count("silver/posts") == 60


@pytest.mark.fault("F11")
def test_a_running_stream_applies_a_backfill_without_new_records(
    stream: InProcessStream, monkeypatch: pytest.MonkeyPatch, assert_exact: AssertExact
) -> None:
    """On an idle topic there is no batch that could apply it."""
    fix_code = count_only_short_tags(monkeypatch)
    send_posts_and_readings(stream, 0)
    stream.drain()
    fix_code()
    with stream.running(("posts", "gold_posts")) as runtime:
        assert backfill(stream, "silver/posts", runtime).changed == 40
        assert not stream.verify().is_exact
        assert wait_until(lambda: stream.verify().is_exact, TIMEOUT_SECONDS)
    assert_exact(stream.verify().checks)


@pytest.mark.fault("F11")
@pytest.mark.parametrize("moment", ci_runs("F11", ["before", "after"], "after"))
def test_a_backfill_killed_before_or_after_its_commit_is_completed(
    stream: InProcessStream, moment: str, assert_exact: AssertExact, monkeypatch: pytest.MonkeyPatch
) -> None:
    fix_code = count_only_short_tags(monkeypatch)
    send_posts_and_readings(stream, 0)
    stream.drain()
    fix_code()
    write = SilverBackfill._write

    def write_and_die(self: SilverBackfill, differing: DataFrame) -> None:
        if moment == "after":
            write(self, differing)
        raise KeyboardInterrupt

    with monkeypatch.context() as crash:
        crash.setattr(SilverBackfill, "_write", write_and_die)
        with pytest.raises(KeyboardInterrupt):
            backfill(stream, "silver/posts")
    if moment == "before":
        assert backfill(stream, "silver/posts").changed == 40
    stream.drain()
    assert_exact(stream.verify().checks)
