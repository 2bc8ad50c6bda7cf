"""F4: one part of the system is older than the rest: a restored copy, rules changed meanwhile, a clock set back."""

import json
import shutil
import time
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from streaming.queries.supervisor import QueryFailed
from streaming.queries.topic_query import TopicQuery
from streaming.recovery import lineage
from streaming.sinks.delta import OffsetTrackedTable
from tests.support.faults.crashes import CRASH, crash_before
from tests.support.faults.fixtures import AssertExact, ci_runs
from tests.support.postgres import copy_database
from tests.support.records import make_post
from tests.support.stream import POSTS, POSTS_CHAIN, InProcessStream, send_posts, send_posts_and_readings, with_rules
from warehouse.lake.delta_io import write_checkpoint

pytestmark = pytest.mark.fault("F4")
HOUR_MS = 3_600_000


@pytest.mark.parametrize("ago", ci_runs("F4", [1, 10], 10))
def test_an_old_copy_of_a_checkpoint_starts_a_new_lineage(
    stream: InProcessStream, assert_exact: AssertExact, ago: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches, checkpoint = ago + 2, stream.settings.stream.checkpoints / "posts"
    process, numbers = TopicQuery.process, count(1)

    def copy_and_process(self: TopicQuery, *batch: Any) -> None:
        if next(numbers) == 2:
            shutil.copytree(checkpoint, checkpoint.with_name("copy"))
        process(self, *batch)

    stream.cap("posts", 10)
    stream.send("posts", [make_post(number) for number in range(batches * 10)])
    with monkeypatch.context() as patch:
        patch.setattr(TopicQuery, "process", copy_and_process)
        stream.drain(POSTS)
    assert next(numbers) == batches + 1
    shutil.rmtree(checkpoint)
    checkpoint.with_name("copy").rename(checkpoint)
    send_posts(stream, 10)
    stream.cap("posts", 100)
    stream.drain(POSTS_CHAIN)
    assert_exact(stream.verify().checks)
    assert (checkpoint / "2").is_dir()


@pytest.mark.parametrize("log", ci_runs("F4", ["whole", "cleaned"], "cleaned"))
def test_a_restored_database_catches_up(stream: InProcessStream, assert_exact: AssertExact, log: str) -> None:
    """From silver's commits since the copy; if the log no longer has them, fact tables and counts are built again."""
    send_posts(stream, 0)
    stream.drain(POSTS)
    restored = copy_database(stream.settings.postgres)
    send_posts(stream, 20)
    stream.drain(POSTS)
    stream.settings = stream.settings.model_copy(update={"postgres": restored})
    send_posts(stream, 40)
    if log == "cleaned":
        clean_log(stream, "silver/posts")
    stream.drain(POSTS_CHAIN)
    assert_exact(stream.verify().checks)


def clean_log(stream: InProcessStream, table: str) -> None:
    """Removes older commits from the log as Delta does after their retention: checkpoint first, then delete."""
    write_checkpoint(stream.spark, stream.table(table))
    *older, _ = sorted((stream.table(table) / "_delta_log").glob("*.json"))
    for commit in older:
        commit.unlink()


@pytest.mark.fault("F4", ci=0)
def test_an_emptied_database_is_filled_from_silver(stream: InProcessStream, assert_exact: AssertExact) -> None:
    send_posts_and_readings(stream, 0)
    stream.drain(("posts", "readings"))
    send_posts_and_readings(stream, 30)
    stream.drain(("posts", "readings"))
    stream.run_sql("TRUNCATE ops.ledger, ops.row_counts, warehouse.dim_hashtag, warehouse.dim_author CASCADE")
    stream.run_sql("TRUNCATE warehouse.fact_machine_minute")
    stream.drain()
    assert_exact(stream.verify().checks)


@pytest.mark.fault("F4", ci=0)
@pytest.mark.parametrize("change", ["tightened", "loosened"])
def test_changed_rules_decide_a_pending_batch_again(
    stream: InProcessStream, assert_exact: AssertExact, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the new rules decide on the pending records; the next batch has shorter records with the same ids."""
    lengths = stream.make_runtime().rules.max_lengths
    short = {**lengths, "text": 40}
    before, since = (lengths, short) if change == "tightened" else (short, lengths)
    stream.send("posts", [make_post(100, text="y" * 50), make_post(101)])
    stream.drain(POSTS, with_rules(stream.make_runtime(), max_lengths=before))
    stream.send("posts", [make_post(number, text="x" * 50) for number in range(10)])
    with monkeypatch.context() as patch:
        crash_before(patch, OffsetTrackedTable, "append_next")
        with pytest.raises(QueryFailed, match=CRASH):
            stream.drain(POSTS, with_rules(stream.make_runtime(), max_lengths=before))
    stream.send("posts", [make_post(number, text="x" * 30) for number in range(10)])
    stream.cap("posts", 10)
    stream.drain(POSTS_CHAIN, with_rules(stream.make_runtime(), max_lengths=since))
    assert_exact(stream.verify(max_lengths=since).checks)
    tightened = change == "tightened"
    assert stream.count("silver/posts") == (12 if tightened else 11)
    assert stream.count("quarantine/posts") == (10 if tightened else 1)


@pytest.mark.fault("F4", ci=0)
def test_a_clock_set_back_an_hour_starts_a_new_lineage(
    stream: InProcessStream, assert_exact: AssertExact, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch is planned with a clock an hour ahead; the clock is set right while the query runs."""
    send_posts(stream, 0)
    with monkeypatch.context() as patch:
        crash_before(patch, TopicQuery, "_is_short_and_next")
        with pytest.raises(QueryFailed, match=CRASH):
            stream.drain(POSTS)
    plan_an_hour_ahead(stream.settings.stream.checkpoints / "posts" / "1" / "offsets" / "0")
    send_posts(stream, 20)  # half of them repeat records of the batch an hour ahead
    with monkeypatch.context() as patch:
        patch.setattr(lineage, "_now_ms", lambda: int(time.time() * 1000) + HOUR_MS)
        with pytest.raises(QueryFailed, match="the clock was set back"):
            stream.drain(POSTS)
    assert stream.count("silver/posts") == 40
    stream.drain(POSTS_CHAIN)
    assert_exact(stream.verify().checks)
    assert stream.count("silver/posts") == 60


def plan_an_hour_ahead(offsets: Path) -> None:
    """Moves the time of a planned batch, in its file of the offset log."""
    version, metadata, *rest = offsets.read_text().splitlines()
    planned = json.loads(metadata)
    planned["batchTimestampMs"] += HOUR_MS
    offsets.write_text("\n".join([version, json.dumps(planned), *rest]))
