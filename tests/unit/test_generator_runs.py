"""A run of the generator: the plan per producer, the cursor, the journal, the recording."""

import json
import os
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from streaming.producers.cursor import Cursor, StopTheOtherGenerator, lock_journal
from streaming.producers.events import DELETION, VALID, Event
from streaming.producers.journal import Journal, ack_line, failed_line
from streaming.producers.synthetic.config import GeneratorConfig, read_generator_config
from streaming.producers.synthetic.event_time import DAY_MS, HOUR_MS, DailyTime, EvenTime, TimeText
from streaming.producers.synthetic.injection import InjectionShares
from streaming.producers.synthetic.planning import ChangeOptions, Request, plan_sources
from streaming.producers.synthetic.recording import RestoreRecording, read_recording, shift_records
from streaming.settings import GeneratorSettings

CONF = Path(__file__).parents[2] / "conf"
NOW_MS = 1_795_001_234_567


@pytest.fixture(scope="module")
def config() -> GeneratorConfig:
    return read_generator_config(CONF)


@pytest.fixture
def settings(tmp_path: Path) -> GeneratorSettings:
    return GeneratorSettings(
        journal=tmp_path, seed=7, posts_per_second=300, post_producers=3, machines=4, readings_per_second=1
    )


def test_all_means_a_process_per_producer_of_posts_and_one_for_the_machines(
    settings: GeneratorSettings, config: GeneratorConfig
) -> None:
    workers = plan_sources(Request(), settings, config, NOW_MS)
    assert [[plan.name for plan in plans] for plans in workers] == [
        ["posts-0"],
        ["posts-1"],
        ["posts-2"],
        ["machine-01", "machine-02", "machine-03", "machine-04"],
    ]
    assert sum(plans[0].pace.per_second for plans in workers[:3]) == 300


def test_a_count_is_split_exactly(settings: GeneratorSettings, config: GeneratorConfig) -> None:
    workers = plan_sources(Request(count=1_000), settings, config, NOW_MS)
    assert [plans[0].count for plans in workers[:3]] == [334, 333, 333]
    assert sum(plan.count or 0 for plan in workers[3]) == 1_000


def test_minutes_become_a_count(settings: GeneratorSettings, config: GeneratorConfig) -> None:
    workers = plan_sources(Request(minutes=2), settings, config, NOW_MS)
    assert [plan.count for plans in workers for plan in plans] == [12_000] * 3 + [120] * 4


def test_a_history_ends_now_and_never_in_the_future(settings: GeneratorSettings, config: GeneratorConfig) -> None:
    for plans in plan_sources(Request(history_days=2.3), settings, config, NOW_MS)[:3]:
        plan = plans[0]
        assert plan.count
        activity = config.parameters["posts"]["activity"]
        time = DailyTime(EvenTime(plan.pace.start_ms, plan.pace.per_second, 0), activity, -3)
        assert abs(time.at(0) - plan.pace.start_ms) <= 1
        assert NOW_MS - 60_000 < time.at(plan.count - 1) <= NOW_MS


def test_a_history_with_a_count_of_posts(settings: GeneratorSettings, config: GeneratorConfig) -> None:
    workers = plan_sources(Request("posts", count=30_000, history_days=3), settings, config, NOW_MS)
    assert sum(plans[0].count or 0 for plans in workers) == pytest.approx(30_000, abs=3)


def test_the_hours_of_a_history_follow_the_activity() -> None:
    activity = [1.0] * 12 + [3.0] * 12
    time = DailyTime(EvenTime(0, 1.0, 0), activity, utc_offset_hours=0)
    times = [time.at(index) for index in range(2 * 86_400)]
    assert all(one <= other for one, other in pairwise(times))
    first_half = sum(at_ms % DAY_MS < 12 * HOUR_MS for at_ms in times)
    assert first_half / len(times) == pytest.approx(0.25, abs=0.001)
    assert time.count_until(DAY_MS) == 86_400


@pytest.mark.parametrize(
    "request_",
    [
        Request(is_unpaced=True),
        Request(history_days=1, minutes=3),
        Request(history_days=1, start_ms=5),
        Request(shares=InjectionShares(0.5, 0.4, 0.2)),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    request_: Request, settings: GeneratorSettings, config: GeneratorConfig
) -> None:
    with pytest.raises(ChangeOptions):
        plan_sources(request_, settings, config, NOW_MS)


def test_times_are_iso_in_utc() -> None:
    iso = TimeText()
    assert [iso.text(at_ms) for at_ms in (0, 1, 999, 1_795_000_000_250)] == [
        "1970-01-01T00:00:00.000Z",
        "1970-01-01T00:00:00.001Z",
        "1970-01-01T00:00:00.999Z",
        "2026-11-18T11:06:40.250Z",
    ]


def test_a_killed_run_skips_indexes_and_repeats_none(tmp_path: Path) -> None:
    cursor = Cursor(tmp_path, 7, "posts-0")
    assert cursor.read() == 0
    cursor.reserve(0, 100)
    cursor.reserve(99, 100)
    assert Cursor(tmp_path, 7, "posts-0").read() == 100
    cursor.reserve(100, 100)
    assert Cursor(tmp_path, 7, "posts-0").read() == 200
    cursor.release_from(120)
    assert Cursor(tmp_path, 7, "posts-0").read() == 120
    assert Cursor(tmp_path, 8, "posts-0").read() == Cursor(tmp_path, 7, "posts-1").read() == 0


def test_two_generators_do_not_share_a_journal(tmp_path: Path) -> None:
    lock = lock_journal(tmp_path, "posts")
    with pytest.raises(StopTheOtherGenerator, match="another generator of posts"):
        lock_journal(tmp_path, "posts")
    os.close(lock_journal(tmp_path, "machines"))
    os.close(lock)
    os.close(lock_journal(tmp_path, "posts"))


def test_the_journal_has_intents_with_expected_values_and_results(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "new" / "posts-0.jsonl")
    expected: dict[str, Any] = {"minute": "2026-11-18T11:06:00Z", "lang": "pt", "tags": ["é"], "source": "generator"}
    first = journal.append_intents(
        [Event("posts", b"a", b"{}", "1", VALID, expected, late=True), Event("posts", b"a", None, "2", "malformed")]
    )
    journal.append_results([ack_line(first, 3, 17, 1_795), failed_line(first + 1, ValueError())])
    journal.append_intents([Event("posts", b"a", b"{}", '3"', DELETION)])
    journal.close()
    lines = [json.loads(line) for line in (tmp_path / "new" / "posts-0.jsonl").read_text().splitlines()]
    assert [line["e"] for line in lines] == ["intent", "intent", "ack", "failed", "intent"]
    assert lines[0] | {"at": ""} == {
        "e": "intent",
        "n": 0,
        "topic": "posts",
        "id": "1",
        "at": "",
        "verdict": "valid",
        "sha256": sha256(b"{}").hexdigest(),
        "late": True,
        "facts": expected,
    }
    assert lines[1]["sha256"] == sha256(b"").hexdigest()
    assert lines[2] == {"e": "ack", "n": 0, "partition": 3, "offset": 17, "kafka_ms": 1_795}
    assert lines[3] == {"e": "failed", "n": 1, "error": "ValueError"}
    assert (lines[4]["n"], lines[4]["id"]) == (2, '3"')


def test_a_replay_has_new_ids_and_the_present_time() -> None:
    records = read_recording(CONF / "recordings")
    replayed = list(shift_records(records, "run1", NOW_MS, speed=10))
    assert len(replayed) == len(records) > 850
    assert {event.topic for _, event in replayed} == {"posts", "readings", "machine_events"}
    assert all(event.id.startswith("run1-") and len(event.id) <= 64 for _, event in replayed)
    assert replayed[0][0] == pytest.approx(NOW_MS, abs=1_000)
    assert replayed[-1][0] - NOW_MS == pytest.approx(60_000, rel=0.05)
    for at_ms, event in replayed:
        if event.expected and "minute" in event.expected:
            assert event.expected["minute"] == TimeText().text(at_ms)[:16] + ":00Z"


def test_the_committed_recording_is_small() -> None:
    assert sum(path.stat().st_size for path in (CONF / "recordings").iterdir()) < 300_000


def test_a_damaged_recording_is_an_error_of_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "posts.jsonl").write_text("{}\n")
    with pytest.raises(RestoreRecording, match=r"posts\.jsonl cannot be read"):
        read_recording(tmp_path)
