"""The recount's second implementation of the quality rules: one record per case, expected values written by hand."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.support.verification.lakehouse import LIMITS, SENSORS
from warehouse.verification.decoding import Rejected
from warehouse.verification.record_rules import RecordRules
from warehouse.verification.values import find_hashtags, find_mentions, fold_hashtag, keep_counted, parse_time

RULES = RecordRules(LIMITS, b"key")
KAFKA_US = 1_772_366_400_000_000  # 2026-03-01T12:00:00Z
AT = "2026-03-01T12:00:00Z"
POST = {"post_id": "p", "source": "x", "author_id": "ana", "created_at": AT, "text": "", "lang": "pt"}
READING = {"reading_id": "r", "machine_id": "m", "measured_at": "2026-03-01T12:00:00Z", **dict.fromkeys(SENSORS, 1)}
EVENT = {"event_id": "e", "machine_id": "m", "occurred_at": "2026-03-01T12:00:00Z", "kind": "failure"}


def find_verdict(topic: str, value: Any) -> str:
    """The verdict of a value of a topic."""
    raw = value if value is None or isinstance(value, bytes) else json.dumps(value).encode()
    try:
        return str(RULES.reader_of(topic)(raw, KAFKA_US)["verdict"])
    except Rejected as rejected:
        return str(rejected.args[0])


def make_nested(depth: int) -> bytes:
    """A post whose unknown field makes it `depth` levels deep."""
    return json.dumps(POST).encode()[:-1] + b', "n": ' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def with_member(text: str) -> bytes:
    """The JSON of a post with further members, written as given."""
    return json.dumps(POST)[:-1].encode() + f", {text}}}".encode()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (POST, "valid"),
        ({**POST, "kind": None}, "valid"),
        ({**POST, "unknown": {"a": [1]}}, "valid"),
        (json.dumps(POST).encode() + b" and more", "valid"),
        (b" \n\t" + json.dumps(POST).encode(), "valid"),
        (make_nested(1000), "valid"),
        (make_nested(1001), "malformed"),
        (b'{"a":' * 100_000, "malformed"),
        (b'{"a":' * 999, "malformed"),
        (None, "malformed"),
        (b"", "malformed"),
        (b"   ", "malformed"),
        (b"[1]", "malformed"),
        (b'"text"', "malformed"),
        (b"{", "malformed"),
        (b'{"post_id": NaN}', "malformed"),
        (b'{"post_id": "\xff"}', "malformed"),
        (b"\xef\xbb\xbf{}", "malformed"),
        (json.dumps(POST).encode()[:-1] + b', "n": ' + b"9" * 1000 + b"}", "valid"),
        (json.dumps(POST).encode()[:-1] + b', "n": ' + b"9" * 1001 + b"}", "malformed"),
        (json.dumps(POST).encode()[:-1] + b', "n": "a\tb"}', "valid"),
        (b"{'post_id': 'p'}", "malformed"),
        (with_member('"n": -' + "9" * 500 + "." + "9" * 500 + "e1"), "malformed"),
        (with_member('"n": -' + "9" * 500 + "." + "9" * 500), "valid"),
        (with_member('"' + "k" * 50_000 + '": 1'), "valid"),
        (with_member('"' + "k" * 50_001 + '": 1'), "malformed"),
        (with_member('"n": {"' + "\U0001f600" * 25_001 + '": 1}'), "malformed"),  # two UTF-16 units each
        (with_member('"text": 1.10'), "wrong_type"),
        (with_member('"text": 1e400'), "wrong_type"),
        (with_member('"text": 123456789012345678901234567890'), "valid"),
        (with_member('"hashtags": [1, 2.5]'), "wrong_type"),
        (with_member('"hashtags": "x", "hashtags": ["a"]'), "wrong_type"),
        (with_member('"hashtags": null, "hashtags": ["a"]'), "valid"),
        (with_member('"text": {"a": 1}, "text": "x"'), "valid"),
        (with_member('"text": {"a": 1}'), "wrong_type"),
        ({**POST, "hashtags": "rio"}, "wrong_type"),
        ({**POST, "mentions": {"a": 1}}, "wrong_type"),
        ({**POST, "post_id": 17}, "valid"),
        ({**POST, "source": True}, "valid"),
        ({}, "missing_field"),
        ({**POST, "post_id": ""}, "missing_field"),
        ({**POST, "text": None}, "missing_field"),
        ({**POST, "lang": ""}, "missing_field"),
        ({**POST, "kind": "edit"}, "unknown_kind"),
        ({"post_id": "p", "source": "x", "created_at": POST["created_at"], "kind": "deletion"}, "deletion"),
        ({"post_id": "p", "created_at": POST["created_at"], "kind": "deletion"}, "missing_field"),
        ({**POST, "text": "a\x00"}, "nul_character"),
        ({**POST, "hashtags": ["a\x00"]}, "nul_character"),
        ({**POST, "post_id": "x" * 64}, "valid"),
        ({**POST, "post_id": "x" * 65}, "too_long"),
        ({**POST, "text": "\U0001f600" * 10_000}, "valid"),
        ({**POST, "text": "\U0001f600" * 10_001}, "too_long"),
        ({**POST, "created_at": "yesterday"}, "bad_time"),
        ({**POST, "created_at": "2026-02-30T12:00:00Z"}, "bad_time"),
        ({**POST, "created_at": "2026-03-01T12:00:00"}, "bad_time"),
        ({**POST, "created_at": "1999-12-31T23:59:59.999999Z"}, "ancient_time"),
        ({**POST, "created_at": "0000-01-01T00:00:00Z"}, "ancient_time"),
        ({**POST, "created_at": "2000-01-01T00:00:00Z"}, "valid"),
        ({**POST, "created_at": "2026-03-01T12:05:00Z"}, "valid"),
        ({**POST, "created_at": "2026-03-01T12:05:00.001Z"}, "future_time"),
        ({**POST, "created_at": "9999-12-31T23:59:59-18:00"}, "future_time"),
        (b'{"post_id": "\\ud800", ' + json.dumps(POST).encode()[1:].replace(b'"post_id": "p", ', b""), "valid"),
        (b'{"lang": [1], ' + json.dumps(POST).encode()[1:], "valid"),  # of a repeated name the last value counts
    ],
)
def test_verdicts_of_posts(value: Any, expected: str) -> None:
    assert find_verdict("posts", value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (READING, "valid"),
        ({**READING, "temperature_c": "1"}, "wrong_type"),
        ({**READING, "temperature_c": True}, "wrong_type"),
        ({**READING, "temperature_c": None}, "missing_field"),
        ({**READING, "temperature_c": -100.001}, "impossible_value"),
        ({**READING, "parts_count": 1.5}, "impossible_value"),
        ({**READING, "parts_count": 2.0}, "valid"),
        (json.dumps(READING).replace('"power_kw": 1', '"power_kw": 1e400').encode(), "impossible_value"),
        (json.dumps(READING).replace('"power_kw": 1', '"power_kw": 1e2').encode(), "valid"),
        ({**READING, "measured_at": "2026-03-01"}, "bad_time"),
        (json.dumps(READING).replace('"power_kw": 1', '"power_kw": "x", "power_kw": 1').encode(), "wrong_type"),
        (json.dumps(READING).replace('"power_kw": 1', '"power_kw": 1e400, "power_kw": 1').encode(), "valid"),
        (json.dumps(READING).replace('"power_kw": 1', '"power_kw": 1, "power_kw": null').encode(), "missing_field"),
    ],
)
def test_verdicts_of_readings(value: Any, expected: str) -> None:
    assert find_verdict("readings", value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (EVENT, "valid"),
        ({**EVENT, "kind": "party"}, "unknown_kind"),
        ({**EVENT, "kind": None}, "missing_field"),
        ({**EVENT, "detail": "x" * 1001}, "too_long"),
        ({**EVENT, "kind": "party", "event_id": "x" * 65}, "unknown_kind"),
    ],
)
def test_verdicts_of_machine_events(value: Any, expected: str) -> None:
    assert find_verdict("machine_events", value) == expected


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("1999-12-31T23:59:59Z", "valid"),
        ("1000-01-01T00:00:00Z", "valid"),
        ("0999-12-31T23:59:59.9Z", "ancient_time"),
        ("9999-12-31T00:00:00Z", "future_time"),
        ("2027-01-01T00:00:00Z", "future_time"),
        ("yesterday", "bad_time"),
    ],
)
def test_a_rule_with_the_action_warn_keeps_times_that_the_tables_can_hold(time: str, expected: str) -> None:
    rules = RecordRules(replace(LIMITS, warned_rules=frozenset({"ancient_time"})), b"key")
    try:
        found = rules.read_post(json.dumps({**POST, "created_at": time}).encode(), KAFKA_US)["verdict"]
    except Rejected as rejected:
        found = rejected.args[0]
    assert found == expected


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        (71.25, 712_500),
        (0.00005, 1),
        (0.00004999, 0),
        (-0.00005, -1),
        (99_999.9999, 999_999_999),
        (2.675, 26_750),
    ],
)
def test_measures_round_half_up(measure: float, expected: int) -> None:
    reading = json.dumps({**READING, "temperature_c": 1, "rotation_rpm": abs(measure)}).encode()
    assert RULES.read_reading(reading, KAFKA_US)["rotation_rpm"] == abs(expected)


def test_parse_time() -> None:
    assert parse_time("1970-01-01T00:00:00.5Z") == 500_000
    assert parse_time("1970-01-01T01:00:00+01:00") == 0
    assert parse_time("1970-01-01T00:00:00-00:30") == 1_800_000_000
    assert parse_time("1970-01-01T24:00:00Z") is None
    assert parse_time("1970-01-01T00:00:00+18:01") is None
    assert parse_time("1970-01-01T00:00:00Z\n") is None


def test_find_and_normalize_hashtags() -> None:
    assert fold_hashtag(" #RIO ") == "rio"
    assert fold_hashtag("Straße") == "strasse"
    assert fold_hashtag("\uff32io") == "rio"
    assert find_hashtags(None, "a#b #ção_1, #Ção_1 ##x #\U0001f600") == ["ção_1", "x"]
    assert find_hashtags([], "#x") == []
    assert find_hashtags(["#", " ", "a", "A"], "#x") == ["a"]
    many = [f"t{n}" for n in range(40)]
    assert keep_counted(["x" * 101, "y" * 100, *many]) == ["y" * 100, *many[:29]]


def test_the_last_value_of_a_repeated_name_counts_and_whole_numbers_become_text() -> None:
    members = '"lang": "X\u0130", "author_id": -0, "hashtags": ["a"], "hashtags": [7, true]'
    post = RULES.read_post(with_member(members), KAFKA_US)
    assert (post["lang"], post["hashtags"]) == ("x\u0130", ["7", "true"])
    assert post["author_pseudonym"] == RULES.read_post(with_member('"author_id": "0"'), KAFKA_US)["author_pseudonym"]


def test_find_mentions() -> None:
    assert find_mentions(None, "@rui, mail@x.pt @rui @Ana") == ["rui", "Ana"]
    assert find_mentions(["@@a", "a", "@"], "@x") == ["@a", "a"]
