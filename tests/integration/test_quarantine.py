"""Quarantine: replay after a fix, purge, and what the job `quarantine` shows. F11 interrupts a replay."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs.quarantine import main
from streaming.local.processes import wait_until
from streaming.operations.quarantine_purge import purge
from streaming.operations.quarantine_replay import Replayed
from tests.support.faults.fixtures import AssertExact
from tests.support.quarantine import (
    QUERIES,
    make_long_post,
    make_strict_runtime,
    pass_the_horizon,
    replay_posts,
    with_short_horizon,
)
from tests.support.records import make_post, make_reading
from tests.support.stream import TIMEOUT_SECONDS, InProcessStream, with_rules
from warehouse.lake.quarantine_reader import RecordId, Selection, list_records, read_record, summarize_rules

TOPICS = ("posts", "readings", "machine_events")


@pytest.fixture
def short(stream: InProcessStream) -> InProcessStream:
    """The stream with a deduplication horizon of `HORIZON` seconds for posts."""
    return with_short_horizon(stream)


def test_replay_after_a_fix_adds_each_record_exactly_once(short: InProcessStream, assert_exact: AssertExact) -> None:
    short.send(
        "posts",
        [make_long_post(1), make_long_post(2), make_long_post(2), b"{not json", make_post(3), make_long_post(4)],
    )
    short.send("posts", [make_post(4)], partition=1)  # a corrected duplicate of a bad record
    short.drain(QUERIES, runtime=make_strict_runtime(short))
    assert short.count("quarantine/posts") == 5
    assert replay_posts(short).too_young == 5
    pass_the_horizon(short)
    assert replay_posts(short) == Replayed("posts", used=2, duplicates=2, still_bad=1)
    assert replay_posts(short) == Replayed("posts", still_bad=1)
    short.drain()
    assert_exact(short.verify().checks)
    assert short.count("silver/posts") == 2 + 2 + 1  # valid at first, replayed, and the one after the horizon


def test_only_selected_records_are_replayed(short: InProcessStream) -> None:
    short.send("posts", [make_long_post(1), make_long_post(2), make_post(3, lang="x" * 40)])
    runtime = make_strict_runtime(short)
    short.drain(QUERIES, runtime=with_rules(runtime, max_lengths={**runtime.rules.max_lengths, "lang": 30}))
    pass_the_horizon(short)
    assert replay_posts(short, ids=(RecordId("posts", 1, 0, 1),)).used == 1
    assert replay_posts(short, rule="malformed") == Replayed("posts")
    assert replay_posts(short, before=datetime.now(UTC) - timedelta(days=1)) == Replayed("posts")
    assert replay_posts(short, topic="posts") == Replayed("posts", used=1, still_bad=1)


def test_a_running_stream_applies_a_replay_without_new_records(
    short: InProcessStream, assert_exact: AssertExact
) -> None:
    """On an idle topic there is no batch that could apply it."""
    short.send("posts", [make_long_post(1), make_post(3)])
    short.drain(QUERIES, runtime=make_strict_runtime(short))
    pass_the_horizon(short)
    newest = "SELECT max(silver_version) FROM ops.ledger WHERE query = 'posts'"
    before = short.run_sql(newest)
    with short.running(("posts",)) as runtime:
        assert replay_posts(short, runtime).used == 1
        assert wait_until(lambda: short.run_sql(newest) != before, TIMEOUT_SECONDS)
    short.drain()
    assert_exact(short.verify().checks)


def test_purging_removes_the_bytes_and_keeps_the_coordinates(
    stream: InProcessStream, assert_exact: AssertExact
) -> None:
    stream.send("readings", [make_reading(1), b"{not json", make_reading(2, power_kw=None)])
    stream.drain()
    runtime, now = stream.make_runtime(), datetime.now(UTC)
    assert purge(runtime, "readings", Selection(before=now - timedelta(hours=1)), now) == 0
    assert purge(runtime, "readings", Selection(before=now), now) == 2
    assert purge(runtime, "readings", Selection(before=now), now) == 0
    record = read_record(stream.settings.lake.path, TOPICS, RecordId("readings", 1, 0, 1))
    assert (record.value, record.key, record.rule, record.state) == (None, None, "malformed", "purged")
    stream.drain()
    assert_exact(stream.verify().checks)


def test_pending_records_are_listed_by_topic_and_rule(stream: InProcessStream) -> None:
    stream.send("readings", [make_reading(1), b"{not json", make_reading(2, power_kw=None)])
    stream.send("posts", [b"{not json"])
    stream.drain(("posts", "readings"))
    lake = stream.settings.lake.path
    summaries = {
        (summary.topic, summary.rule): summary.waiting for summary in summarize_rules(lake, TOPICS, Selection())
    }
    assert summaries == {("readings", "malformed"): 1, ("readings", "missing_field"): 1, ("posts", "malformed"): 1}
    newest = list_records(lake, TOPICS, Selection(topic="readings"), 1)
    assert [str(record.id) for record in newest] == ["readings/1/0/2"]
    assert newest[0].value is None
    assert read_record(lake, TOPICS, RecordId("posts", 1, 0, 0)).value == b"{not json"


@pytest.fixture
def lake_with_escapes(stream: InProcessStream) -> Path:
    stream.send("posts", [json.dumps({"post_id": "\x1b[31mred"}).encode() + b"\x1b\xff"])
    stream.drain(("posts",))
    return stream.settings.lake.path


def test_the_job_escapes_control_characters(lake_with_escapes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--set", f"lake.path={lake_with_escapes}"]
    assert main(["list", *where]) == 0
    assert "posts/1/0/0" in capsys.readouterr().out
    assert main(["show", "posts/1/0/0", *where]) == 0
    output = capsys.readouterr().out
    assert "\x1b" not in output
    assert r"\x1b\xff" in output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show"], "show needs one ID"),
        (["show", "posts/1/2"], "is not topic/generation/partition/offset"),
        (["list", "--topic", "postings"], "unknown topic postings"),
        (["purge"], "purge needs --older-than"),
        (["purge", "--older-than", "soon"], "is not an age like"),
    ],
)
def test_invalid_arguments_are_explained_in_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert sentence in capsys.readouterr().err
