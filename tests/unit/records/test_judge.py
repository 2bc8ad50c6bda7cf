"""The verdict on a record, without Spark."""

import random
import time
from collections.abc import Callable
from decimal import Decimal

import pytest

from jobs.settings import load_quality
from jobs.wiring import build_rules
from streaming.records import machine_events, posts, readings
from streaming.records.judge import RecordType, Verdict, make_judge
from streaming.records.times import parse_time
from tests.support.faults.poison import CASES, DELETION, SILVER
from tests.support.verdicts import EVENTS, POSTS, READINGS, event, post, reading

TYPES = {"posts": posts.POSTS, "readings": readings.READINGS, "machine_events": machine_events.MACHINE_EVENTS}
ARRIVED = parse_time("2026-03-01T12:00:00Z")
Judge = Callable[[bytes | None, int], Verdict]


def judge_of(record_type: RecordType, **actions: str) -> Judge:
    rules = build_rules(load_quality().model_copy(update={"actions": actions}))
    return make_judge(record_type, rules, lambda name: f"<{name}>")


def rule_of(verdict: Verdict) -> str | None:
    return verdict.rejection.rule if verdict.rejection else None


@pytest.mark.parametrize(("topic", "cases"), [("posts", POSTS), ("readings", READINGS), ("machine_events", EVENTS)])
def test_each_record_gets_its_verdict(topic: str, cases: list[tuple[bytes, str]]) -> None:
    judge = judge_of(TYPES[topic])
    found = [(value, rule_of(judge(value, ARRIVED))) for value, _ in cases]
    assert [pair for pair, case in zip(found, cases, strict=True) if pair != case] == []


@pytest.mark.parametrize("topic", TYPES)
def test_each_kind_of_poison_gets_its_verdict(topic: str) -> None:
    judge, chance, wrong = judge_of(TYPES[topic]), random.Random(topic), []  # noqa: S311 - repeatable
    for number, case in enumerate(CASES[topic]):
        verdict = judge(case.make(chance, number), time.time_ns() // 1_000)
        outcome = verdict.usable.outcome if verdict.usable else rule_of(verdict)
        if outcome != case.outcome:
            wrong.append((case.name, outcome, case.outcome))
    assert wrong == []
    assert {SILVER, DELETION} & {case.outcome for case in CASES[topic]}


@pytest.mark.parametrize("depth", [490, 900])
def test_deep_nesting_beside_an_escaped_emoji_is_valid(depth: int) -> None:
    """Removing lone surrogates recurses too, deeper than Python's own limit."""
    value = b'{"b": "\\ud83d\\ude00", "a": ' + b"[" * depth + b"]" * depth + b"," + post()[1:]
    assert rule_of(judge_of(posts.POSTS)(value, ARRIVED)) is None


def test_small_but_deep_is_malformed_where_it_never_ends() -> None:
    assert rule_of(judge_of(posts.POSTS)(b'{"a":' + b"[" * 994, ARRIVED)) == "malformed"


def test_a_large_string_that_never_ends_is_malformed_at_once() -> None:
    value = b'{"' + b'\\"' * 500_000 + b"[" * 1001
    began = time.monotonic()
    assert rule_of(judge_of(posts.POSTS)(value, ARRIVED)) == "malformed"
    assert time.monotonic() - began < 20  # it took hours


def test_a_record_may_be_ancient_and_ahead_of_its_broker() -> None:
    judge, epoch = judge_of(posts.POSTS, ancient_time="warn"), parse_time("1970-01-01T00:00:10Z")
    assert rule_of(judge(post(created_at="1980-01-06T00:00:00Z"), epoch)) == "future_time"
    both = judge_of(posts.POSTS, ancient_time="warn", future_time="warn")(
        post(created_at="1980-01-06T00:00:00Z"), epoch
    )
    assert both.usable
    assert both.usable.warned == "ancient_time"


def test_values_of_a_post() -> None:
    text = "say #Stra\u00dfe,#STRASSE x#no @Bob mail@no @Bob"
    usable = judge_of(posts.POSTS)(post(text=text, lang="PT", in_reply_to=17), ARRIVED).usable
    assert usable is not None
    assert usable.values["hashtags"] == usable.values["counted_hashtags"] == ["strasse"]
    assert usable.values["mention_pseudonyms"] == ["<Bob>"]
    assert (usable.values["author_pseudonym"], usable.values["lang"], usable.values["in_reply_to"]) == (
        "<a>",
        "pt",
        "17",
    )


def test_a_measure_is_rounded_half_up_from_its_shortest_digits() -> None:
    usable = judge_of(readings.READINGS)(reading(power_kw=0.00005, pressure_bar=1.00015, parts_count=3), ARRIVED).usable
    assert usable is not None
    found = [usable.values[name] for name in ("power_kw", "pressure_bar", "parts_count")]
    assert found == [Decimal("0.0001"), Decimal("1.0002"), Decimal(3)]


def test_late_and_unknown() -> None:
    judge = judge_of(machine_events.MACHINE_EVENTS)
    assert not judge(event(occurred_at="2026-03-01T11:59:00Z"), ARRIVED).is_late
    late = judge(event(occurred_at="2026-03-01T11:58:59.999999Z", **{"new\n": 1, "x" * 99: 2}), ARRIVED)
    assert late.is_late
    assert late.unknown_fields == ["new?", "x" * 64]
    assert judge(b"[]", ARRIVED).unknown_fields is None


def test_a_time_rule_with_action_warn_keeps_what_can_be_stored() -> None:
    judge = judge_of(posts.POSTS, ancient_time="warn", future_time="warn")
    kept = judge(post(created_at="1650-01-01T00:00:00Z"), ARRIVED)
    assert kept.usable
    assert kept.usable.warned == "ancient_time"
    assert rule_of(judge(post(created_at="0999-12-31T23:59:59Z"), ARRIVED)) == "ancient_time"
    assert rule_of(judge(post(created_at="9999-01-01T00:00:00Z"), ARRIVED)) == "future_time"
