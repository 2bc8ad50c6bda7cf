"""Quarantine: what waits there, what a fix makes usable, and what is given up."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jobs.quarantine import main
from streaming.local.processes import wait_until
from streaming.operations.quarantine_purge import purge
from streaming.operations.quarantine_replay import Replay, Replayed
from streaming.queries.runtime import Runtime
from streaming.queries.topic_pipelines import build_topic_pipelines
from tests.support.faults.fixtures import Judge, ci_runs
from tests.support.stream import PATIENCE_SECONDS, StreamBench, make_post, make_reading, with_rules
from warehouse.lake.quarantine_reader import RecordId, Selection, list_records, read_record, summarize_rules

POSTS, TOPICS = ("posts", "bronze"), ("posts", "readings", "machine_events")
HORIZON = 2
"""Seconds: short enough for a test to outlive it."""


@pytest.fixture
def short(bench: StreamBench) -> StreamBench:
    """A bench whose posts are forgotten after `HORIZON`."""
    queries = dict(bench.settings.stream.queries)
    queries["posts"] = queries["posts"].model_copy(update={"horizon_seconds": HORIZON})
    stream = bench.settings.stream.model_copy(update={"queries": queries})
    return replace(bench, settings=bench.settings.model_copy(update={"stream": stream}))


def strict(bench: StreamBench) -> Runtime:
    """A driver under the mistaken rule of these tests: no text beyond 60 characters."""
    runtime = bench.make_runtime()
    return with_rules(runtime, max_lengths={**runtime.rules.max_lengths, "text": 60})


def outlive_the_horizon(bench: StreamBench) -> None:
    """A batch that is one horizon younger than all before: only such a one makes a record ripe."""
    began = datetime.now(UTC)
    wait_until(lambda: datetime.now(UTC) - began > timedelta(seconds=HORIZON), 10 * HORIZON)
    bench.send("posts", [make_post(9_000_000 + began.microsecond)])
    bench.drain(POSTS)


def replay_posts(bench: StreamBench, runtime: Runtime | None = None, **selection: Any) -> Replayed:
    runtime = runtime or bench.make_runtime()
    pipeline = build_topic_pipelines(runtime.key_file)["posts"]
    return Replay(runtime, pipeline, datetime.now(UTC)).run(Selection(**selection))


def long_post(number: int, **changes: Any) -> bytes:
    return make_post(number, text=f"number {number} #long " + "x" * 60, **changes)


def test_a_fix_gives_records_back_exactly_once(short: StreamBench, judge: Judge) -> None:
    short.send("posts", [long_post(1), long_post(2), long_post(2), b"{not json", make_post(3), long_post(4)])
    short.send("posts", [make_post(4)], partition=1)  # the corrected twin of a bad record
    short.drain(POSTS, runtime=strict(short))
    assert short.count("quarantine/posts") == 5
    assert replay_posts(short).too_young == 5
    outlive_the_horizon(short)
    assert replay_posts(short) == Replayed("posts", used=2, duplicates=2, still_bad=1)
    assert replay_posts(short) == Replayed("posts", still_bad=1)
    short.drain()
    judge(short.prove().checks)
    assert short.count("silver/posts") == 2 + 2 + 1  # as they came, replayed, and the one that made them ripe


def test_a_selection_leaves_the_others(short: StreamBench) -> None:
    short.send("posts", [long_post(1), long_post(2), make_post(3, lang="x" * 40)])
    runtime = strict(short)
    short.drain(POSTS, runtime=with_rules(runtime, max_lengths={**runtime.rules.max_lengths, "lang": 30}))
    outlive_the_horizon(short)
    assert replay_posts(short, ids=(RecordId("posts", 1, 0, 1),)).used == 1
    assert replay_posts(short, rule="malformed") == Replayed("posts")
    assert replay_posts(short, before=datetime.now(UTC) - timedelta(days=1)) == Replayed("posts")
    assert replay_posts(short, topic="posts") == Replayed("posts", used=1, still_bad=1)


def test_on_an_idle_topic_the_running_stream_follows_a_replay(short: StreamBench, judge: Judge) -> None:
    """No record comes any more that would make a batch."""
    short.send("posts", [long_post(1), make_post(3)])
    short.drain(POSTS, runtime=strict(short))
    outlive_the_horizon(short)
    newest = "SELECT max(silver_version) FROM ops.ledger WHERE query = 'posts'"
    before = short.run_sql(newest)
    with short.live(("posts",)) as runtime:
        assert replay_posts(short, runtime).used == 1
        assert wait_until(lambda: short.run_sql(newest) != before, PATIENCE_SECONDS)
    short.drain()
    judge(short.prove().checks)


@pytest.mark.fault("F11")
@pytest.mark.parametrize("step", ci_runs("F11", ["_append", "_mark"], "_mark"))
def test_a_replay_killed_between_its_steps_goes_on(
    short: StreamBench, step: str, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the deletions' commit, or after silver's."""
    early = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    short.send("posts", [make_post(1), make_post(1, kind="deletion", created_at=early), long_post(2)])
    short.drain(POSTS, runtime=strict(short))
    outlive_the_horizon(short)
    tolerant = with_rules(short.make_runtime(), tolerance_minutes=600)
    chance = Replay(tolerant, build_topic_pipelines(tolerant.key_file)["posts"], datetime.now(UTC))
    original, calls = getattr(Replay, step), []

    def killed(self: Replay, *arguments: Any) -> None:
        calls.append(step)
        if len(calls) == (2 if step == "_append" else 1):
            raise KeyboardInterrupt
        original(self, *arguments)

    with monkeypatch.context() as crash:
        crash.setattr(Replay, step, killed)
        with pytest.raises(KeyboardInterrupt):
            chance.run(Selection())
    short.drain(POSTS)
    assert chance.run(Selection()) == Replayed("posts", used=2)
    short.drain(runtime=with_rules(short.make_runtime(), tolerance_minutes=600))
    judge(short.prove(tolerance_seconds=36_000).checks)
    assert short.count("silver/post_deletions") == 1


def test_purging_takes_the_bytes_and_leaves_the_place(bench: StreamBench, judge: Judge) -> None:
    bench.send("readings", [make_reading(1), b"{not json", make_reading(2, power_kw=None)])
    bench.drain()
    runtime, now = bench.make_runtime(), datetime.now(UTC)
    assert purge(runtime, "readings", Selection(before=now - timedelta(hours=1)), now) == 0
    assert purge(runtime, "readings", Selection(before=now), now) == 2
    assert purge(runtime, "readings", Selection(before=now), now) == 0
    record = read_record(bench.settings.lake.path, TOPICS, RecordId("readings", 1, 0, 1))
    assert (record.value, record.key, record.rule, record.state) == (None, None, "malformed", "purged")
    bench.drain()
    judge(bench.prove().checks)


def test_what_waits_is_listed_by_topic_and_rule(bench: StreamBench) -> None:
    bench.send("readings", [make_reading(1), b"{not json", make_reading(2, power_kw=None)])
    bench.send("posts", [b"{not json"])
    bench.drain(("posts", "readings"))
    lake = bench.settings.lake.path
    summaries = {
        (summary.topic, summary.rule): summary.waiting for summary in summarize_rules(lake, TOPICS, Selection())
    }
    assert summaries == {("readings", "malformed"): 1, ("readings", "missing_field"): 1, ("posts", "malformed"): 1}
    newest = list_records(lake, TOPICS, Selection(topic="readings"), 1)
    assert [str(record.id) for record in newest] == ["readings/1/0/2"]
    assert newest[0].value is None
    assert read_record(lake, TOPICS, RecordId("posts", 1, 0, 0)).value == b"{not json"


@pytest.fixture
def lake_of(bench: StreamBench) -> Path:
    bench.send("posts", [json.dumps({"post_id": "\x1b[31mred"}).encode() + b"\x1b\xff"])
    bench.drain(("posts",))
    return bench.settings.lake.path


def test_the_job_shows_bytes_that_no_terminal_obeys(lake_of: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--set", f"lake.path={lake_of}"]
    assert main(["list", *where]) == 0
    assert "posts/1/0/0" in capsys.readouterr().out
    assert main(["show", "posts/1/0/0", *where]) == 0
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert r"\x1b\xff" in said


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["show"], "show needs one ID"),
        (["show", "posts/1/2"], "is not topic/generation/partition/offset"),
        (["list", "--topic", "postings"], "unknown topic postings"),
        (["purge"], "purge needs --older-than"),
        (["purge", "--older-than", "soon"], "is not an age like"),
    ],
)
def test_wrong_words_are_one_sentence(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(words)
    assert sentence in capsys.readouterr().err
