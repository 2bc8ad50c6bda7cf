"""F4: a piece of the system is of another time than the rest: an old copy, other rules, a clock that was set back."""

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
from tests.support.faults.crashes import CRASH, crash_before
from tests.support.faults.fixtures import Judge, ci_runs
from tests.support.postgres import copy_database
from tests.support.stream import (
    POSTS,
    POSTS_CHAIN,
    StreamBench,
    make_post,
    send_mixture,
    send_posts,
    with_rules,
)
from warehouse.lake.delta_io import write_checkpoint

pytestmark = pytest.mark.fault("F4")
HOUR_MS = 3_600_000


@pytest.mark.parametrize("ago", ci_runs("F4", [1, 10], 10))
def test_an_old_copy_of_a_checkpoint_is_left_behind(
    bench: StreamBench, judge: Judge, ago: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches, checkpoint = ago + 2, bench.settings.stream.checkpoints / "posts"
    process, numbers = TopicQuery.process, count(1)

    def copy_and_process(self: TopicQuery, *batch: Any) -> None:
        if next(numbers) == 2:
            shutil.copytree(checkpoint, checkpoint.with_name("copy"))
        process(self, *batch)

    bench.cap("posts", 10)
    bench.send("posts", [make_post(number) for number in range(batches * 10)])
    with monkeypatch.context() as patch:
        patch.setattr(TopicQuery, "process", copy_and_process)
        bench.drain(POSTS)
    assert next(numbers) == batches + 1
    shutil.rmtree(checkpoint)
    checkpoint.with_name("copy").rename(checkpoint)
    send_posts(bench, 10)
    bench.cap("posts", 100)
    bench.drain(POSTS_CHAIN)
    judge(bench.verify().checks)
    assert (checkpoint / "2").is_dir()


@pytest.mark.parametrize("log", ci_runs("F4", ["whole", "cleaned"], "cleaned"))
def test_yesterdays_warehouse_catches_up(bench: StreamBench, judge: Judge, log: str) -> None:
    """By silver's commits since then; where those are gone it is built again, its counts included."""
    send_posts(bench, 0)
    bench.drain(POSTS)
    yesterday = copy_database(bench.settings.postgres)
    send_posts(bench, 20)
    bench.drain(POSTS)
    bench.settings = bench.settings.model_copy(update={"postgres": yesterday})
    send_posts(bench, 40)
    if log == "cleaned":
        clean_log(bench, "silver/posts")
    bench.drain(POSTS_CHAIN)
    judge(bench.verify().checks)


def clean_log(bench: StreamBench, table: str) -> None:
    """What Delta does to commits beyond their retention: a checkpoint, then the older files go."""
    write_checkpoint(bench.spark, bench.table(table))
    *older, _ = sorted((bench.table(table) / "_delta_log").glob("*.json"))
    for commit in older:
        commit.unlink()


@pytest.mark.fault("F4", ci=0)
def test_an_emptied_warehouse_catches_up_from_silver(bench: StreamBench, judge: Judge) -> None:
    send_mixture(bench, 0)
    bench.drain(("posts", "readings"))
    send_mixture(bench, 30)
    bench.drain(("posts", "readings"))
    bench.run_sql("TRUNCATE ops.ledger, ops.row_counts, warehouse.dim_hashtag, warehouse.dim_author CASCADE")
    bench.run_sql("TRUNCATE warehouse.fact_machine_minute")
    bench.drain()
    judge(bench.verify().checks)


@pytest.mark.fault("F4", ci=0)
@pytest.mark.parametrize("change", ["tightened", "loosened"])
def test_rules_changed_over_a_pending_batch_decide_it_anew(
    bench: StreamBench, judge: Judge, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pending records are judged by the new rules alone; the next batch brings their shortened twins."""
    lengths = bench.make_runtime().rules.max_lengths
    short = {**lengths, "text": 40}
    before, since = (lengths, short) if change == "tightened" else (short, lengths)
    bench.send("posts", [make_post(100, text="y" * 50), make_post(101)])
    bench.drain(POSTS, with_rules(bench.make_runtime(), max_lengths=before))
    bench.send("posts", [make_post(number, text="x" * 50) for number in range(10)])
    with monkeypatch.context() as patch:
        crash_before(patch, TopicQuery, "_land_in_silver")
        with pytest.raises(QueryFailed, match=CRASH):
            bench.drain(POSTS, with_rules(bench.make_runtime(), max_lengths=before))
    bench.send("posts", [make_post(number, text="x" * 30) for number in range(10)])
    bench.cap("posts", 10)
    bench.drain(POSTS_CHAIN, with_rules(bench.make_runtime(), max_lengths=since))
    judge(bench.verify(max_lengths=since).checks)
    tightened = change == "tightened"
    assert bench.count("silver/posts") == (12 if tightened else 11)
    assert bench.count("quarantine/posts") == (10 if tightened else 1)


@pytest.mark.fault("F4", ci=0)
def test_a_clock_set_back_an_hour_starts_a_new_lineage(
    bench: StreamBench, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch is planned an hour ahead; behind it the clock is right again, while the query runs."""
    send_posts(bench, 0)
    with monkeypatch.context() as patch:
        crash_before(patch, TopicQuery, "_stage")
        with pytest.raises(QueryFailed, match=CRASH):
            bench.drain(POSTS)
    plan_an_hour_ahead(bench.settings.stream.checkpoints / "posts" / "1" / "offsets" / "0")
    send_posts(bench, 20)  # half of it repeats what is an hour ahead
    with monkeypatch.context() as patch:
        patch.setattr(lineage, "_now_ms", lambda: int(time.time() * 1000) + HOUR_MS)
        with pytest.raises(QueryFailed, match="the clock was set back"):
            bench.drain(POSTS)
    assert bench.count("silver/posts") == 40
    bench.drain(POSTS_CHAIN)
    judge(bench.verify().checks)
    assert bench.count("silver/posts") == 60


def plan_an_hour_ahead(offsets: Path) -> None:
    version, metadata, *rest = offsets.read_text().splitlines()
    facts = json.loads(metadata)
    facts["batchTimestampMs"] += HOUR_MS
    offsets.write_text("\n".join([version, json.dumps(facts), *rest]))
