"""The poison corpus: every kind of hostile record that we know, and the one table that it must be written to.

- none, because it gets no offset: a record larger than `kafka.max_message_bytes`. Our producer refuses to send it; the
  broker refuses it from any other, also compressed, because it stores and measures records uncompressed
- quarantine: `CASES` whose outcome is the name of a rule; the original bytes are kept there
- `silver/post_deletions`: a deletion, whatever other fields it has
- silver: `CASES` that are unusual but valid. A tag that is too long, or beyond the first 30, is kept and not counted

Bronze has every record that has an offset, byte for byte.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tests.support.faults.damage import (
    Make,
    changed,
    colliding_names,
    constant,
    cut_off,
    encoded,
    extended,
    nested,
    not_utf8,
    raw,
    surrounded,
)
from tests.support.records import make_event, make_post, make_reading

SILVER, DELETION = "silver", "deletion"
SURROGATE, NUL = "\\ud8" + "3d", "\\u00" + "00"


@dataclass(frozen=True)
class Case:
    """One kind of record; `make(chance, number)` builds one with an id of its own. Of `large` kinds few are sent."""

    topic: str
    name: str
    outcome: str
    make: Make
    large: bool = False


@dataclass(frozen=True)
class Poison:
    """One record of the corpus."""

    case: Case
    value: bytes | None


def _many_tags(chance: random.Random, number: int) -> bytes:
    return make_post(number, hashtags=[f"t{chance.randrange(40)}n{n}" for n in range(10_000)])


def _new_tags(chance: random.Random, number: int) -> bytes:
    return make_post(number, hashtags=[f"new{number}x{n}{chance.randrange(100)}" for n in range(chance.randint(1, 30))])


def _of_any_topic(topic: str, make: Callable[..., bytes], time: str, identity: str) -> list[Case]:
    return [*_malformed(topic, make), *_unusual(topic, make, time), *_invalid_fields(topic, make, time, identity)]


def _malformed(topic: str, make: Callable[..., bytes]) -> list[Case]:
    """Values that are no JSON object."""
    case = partial(Case, topic)
    return [
        case("tombstone", "malformed", constant(None)),
        case("empty", "malformed", constant(b"")),
        case("blanks", "malformed", constant(b" \t\r\n")),
        case("a NUL byte", "malformed", constant(b"\x00")),
        case("scalar", "malformed", lambda chance, _: chance.choice([b"17", b"1e400", b'"{"', b"true", b"null"])),
        case("array", "malformed", surrounded(make, b"[", b"]")),
        case("cut off", "malformed", cut_off(make)),
        case("no object inside", "malformed", constant(b"{")),
        case("byte order mark", "malformed", surrounded(make, b"\xef\xbb\xbf")),
        case("UTF-16", "malformed", encoded(make, "utf-16-le")),
        case("invalid UTF-8", "malformed", not_utf8(make)),
        case("NUL before the object", "malformed", surrounded(make, b"\x00")),
        case("single quotes", "malformed", lambda _, number: make(number).replace(b'"', b"'")),
        case("a comment", "malformed", surrounded(make, b"/* valid */")),
        case("a comma too many", "malformed", lambda _, number: make(number)[:-1] + b",}"),
        case("NaN", "malformed", extended(make, '"unknown": NaN')),
        case("leading zero", "malformed", extended(make, '"unknown": 01')),
        case("a number of 1 001 digits", "malformed", extended(make, f'"unknown": {"9" * 1001}')),
        case("a name of 50 001 characters", "malformed", extended(make, f'"{"k" * 50_001}": 1'), large=True),
        case("deeper than 1 000", "malformed", nested(make, 1_001, 3_000)),
    ]


def _unusual(topic: str, make: Callable[..., bytes], time: str) -> list[Case]:
    """Valid records of an unusual form."""
    case = partial(Case, topic)
    return [
        case("depth up to 1 000", SILVER, nested(make, 500, 1_000)),
        case("a name of 50 000 characters", SILVER, extended(make, f'"{"k" * 50_000}": 1'), large=True),
        case("a number of 1 000 digits", SILVER, extended(make, f'"unknown": -{"9" * 500}.{"9" * 500}')),
        case("1e1000000000 in an unknown field", SILVER, extended(make, '"unknown": 1e1000000000')),
        case("bytes behind the object", SILVER, surrounded(make, b" \n", b"\x00{")),
        case("NUL in an unknown field", SILVER, extended(make, f'"un{NUL}known": "{NUL}"')),
        case("a lone surrogate as a name", SILVER, extended(make, f'"{SURROGATE}": 1, "": 2')),
        case("an unknown version", SILVER, extended(make, '"version": {"major": 99}, "schema_version": "2.0-beta"')),
        case("1 024 names with one hash", SILVER, extended(make, colliding_names(1_024))),
        case("20 000 names", SILVER, extended(make, ", ".join(f'"k{n}": {n}' for n in range(20_000))), large=True),
        case("almost 1 MB", SILVER, extended(make, f'"unknown": "{"u" * 1_040_000}"'), large=True),
        case(
            "repeated name, the last one valid",
            SILVER,
            lambda _, number: b'{"%s": [1],' % time.encode() + make(number)[1:],
        ),
    ]


def _invalid_fields(topic: str, make: Callable[..., bytes], time: str, identity: str) -> list[Case]:
    """JSON objects with an id or a time that breaks a rule."""
    case = partial(Case, topic)
    return [
        case("repeated name, the last one nested", "wrong_type", extended(make, f'"{identity}": {{"a": 1}}')),
        case("a fraction as id", "wrong_type", raw(make, identity, "1.10")),
        case("1e400 as id", "wrong_type", raw(make, identity, "1e400")),
        case("a list as time", "wrong_type", raw(make, time, "[]")),
        case("no id", "missing_field", changed(make, **{identity: None})),
        case("an empty id", "missing_field", changed(make, **{identity: ""})),
        case("no time", "missing_field", changed(make, **{time: None})),
        case("NUL in the id", "nul_character", changed(make, **{identity: "a\0b"})),
        case("an id of 65 characters", "too_long", changed(make, **{identity: "\U0001f600" * 65})),
        case("seconds since 1970 as time", "bad_time", raw(make, time, "1772366400")),
        case("a negative number as time", "bad_time", raw(make, time, "-62135596800")),
        case("a negative year", "bad_time", changed(make, **{time: "-2026-03-01T12:00:00Z"})),
        case("30 February", "bad_time", changed(make, **{time: "2026-02-30T12:00:00Z"})),
        case("second 60", "bad_time", changed(make, **{time: "2026-03-01T12:00:60Z"})),
        case("zone beyond 18 hours", "bad_time", changed(make, **{time: "2026-03-01T12:00:00+18:01"})),
        case("Arabic digits in the time", "bad_time", changed(make, **{time: "2026-03-01T12:00:0\u0660Z"})),
        case("year 0", "ancient_time", changed(make, **{time: "0000-01-01T00:00:00+18:00"})),
        case("before 1970", "ancient_time", changed(make, **{time: "1969-12-31T23:59:59.999999Z"})),
        case("year 9999", "future_time", changed(make, **{time: "9999-12-31T23:59:59.999999Z"})),
        case("year 10000 in UTC", "future_time", changed(make, **{time: "9999-12-31T23:59:59-18:00"})),
        case(
            "far future",
            "future_time",
            lambda chance, number: make(number, **{time: f"{chance.randint(2100, 9000)}-01-01T00:00:00Z"}),
        ),
    ]


POSTS = [
    *_of_any_topic("posts", make_post, "created_at", "post_id"),
    Case("posts", "10 000 hashtags", SILVER, _many_tags, large=True),
    Case("posts", "tags that are new", SILVER, _new_tags),
    Case("posts", "a tag of 500 000 characters", SILVER, changed(make_post, hashtags=["t" * 500_000]), large=True),
    Case("posts", "10 000 mentions", SILVER, changed(make_post, mentions=[f"m{n}" for n in range(10_000)]), large=True),
    Case("posts", "elements that are no text", SILVER, raw(make_post, "hashtags", '[1, true, null, "", "#"]')),
    Case("posts", "a fraction among tags", "wrong_type", raw(make_post, "hashtags", '["a", 2.50]')),
    Case("posts", "a list among mentions", "wrong_type", raw(make_post, "mentions", '["a", ["b"]]')),
    Case(
        "posts", "tags that were a text before", "wrong_type", extended(make_post, '"hashtags": "x", "hashtags": ["a"]')
    ),
    Case("posts", "NUL in a tag", "nul_character", raw(make_post, "hashtags", f'["a{NUL}"]')),
    Case("posts", "NUL in the text", "nul_character", lambda _, number: make_post(number).replace(b"number", b"\x00")),
    Case("posts", "lone surrogates", SILVER, raw(make_post, "text", f'"#{SURROGATE} {SURROGATE}\\ude00 @\\udfff"')),
    Case(
        "posts",
        "letters of a newer Unicode",
        SILVER,
        changed(make_post, text="#a\U00011f04b @\U0002ebf0x", lang="\u2c2fX\u0130"),
    ),
    Case("posts", "control characters", SILVER, changed(make_post, text="\u202e\x01\x1b[2J\u2028\x85\\\"',;\r\n{")),
    Case("posts", "a whole number as text", SILVER, raw(make_post, "text", "-0")),
    Case("posts", "1e400 as text", "wrong_type", raw(make_post, "text", "1e400")),
    Case("posts", "int64 overflow as text", SILVER, raw(make_post, "text", "9223372036854775808")),
    Case("posts", "an object as text", "wrong_type", raw(make_post, "text", '{"a": 1}')),
    Case(
        "posts",
        "text that looks like a fraction",
        SILVER,
        changed(make_post, text="1.0E9", hashtags=["1.5", '"Infinity"']),
    ),
    Case("posts", "text that looks like JSON", SILVER, changed(make_post, text='{"a": [')),
    Case("posts", "10 000 characters", SILVER, changed(make_post, text="\U0001f600" * 10_000), large=True),
    Case("posts", "10 001 characters", "too_long", changed(make_post, text="x" * 10_001)),
    Case("posts", "another kind", "unknown_kind", changed(make_post, kind="POST")),
    Case("posts", "a deletion with a list as unknown", DELETION, changed(make_post, kind="deletion", extra=[1, {}])),
]
READINGS = [
    *_of_any_topic("readings", make_reading, "measured_at", "reading_id"),
    Case("readings", "1e400", "impossible_value", raw(make_reading, "power_kw", "1e400")),
    Case("readings", "-1e400", "impossible_value", raw(make_reading, "power_kw", "-1e400")),
    Case("readings", "1e-400", SILVER, raw(make_reading, "power_kw", "1e-400")),
    Case("readings", "minus zero", SILVER, raw(make_reading, "power_kw", "-0.0")),
    Case("readings", "int64 overflow", "impossible_value", raw(make_reading, "parts_count", "9223372036854775808")),
    Case("readings", "half a part", "impossible_value", raw(make_reading, "parts_count", "0.5")),
    Case("readings", "just above the limit", "impossible_value", raw(make_reading, "power_kw", "10000.00001")),
    Case(
        "readings",
        "a widened number",
        SILVER,
        lambda chance, number: raw(
            make_reading, "parts_count", chance.choice(["3", "3.0", "3e0", "30E-1", "1000000000", "0.000003E6"])
        )(chance, number),
    ),
    Case("readings", "a hundred decimals", SILVER, raw(make_reading, "power_kw", "0.00005" + "0" * 95)),
    Case("readings", "NaN as text", "wrong_type", raw(make_reading, "power_kw", '"NaN"')),
    Case("readings", "a number as text", "wrong_type", raw(make_reading, "power_kw", '"3.3"')),
    Case("readings", "true", "wrong_type", raw(make_reading, "power_kw", "true")),
    Case(
        "readings", "a number that was a text before", "wrong_type", raw(make_reading, "power_kw", '"x", "power_kw": 1')
    ),
    Case("readings", "a number that was another before", SILVER, raw(make_reading, "power_kw", '1e400, "power_kw": 1')),
    Case("readings", "null at last", "missing_field", extended(make_reading, '"power_kw": null')),
]
MACHINE_EVENTS = [
    *_of_any_topic("machine_events", make_event, "occurred_at", "event_id"),
    Case("machine_events", "another kind", "unknown_kind", changed(make_event, kind="failure ")),
    Case("machine_events", "an object as detail", "wrong_type", changed(make_event, detail={"a": 1})),
    Case("machine_events", "NUL in the detail", "nul_character", changed(make_event, detail="\0")),
    Case("machine_events", "1 001 characters", "too_long", changed(make_event, detail="d" * 1_001)),
    Case("machine_events", "control characters", SILVER, changed(make_event, detail="\u202e\x01\x1b[2J\\\"',;\r\n")),
]
CASES = {"posts": POSTS, "readings": READINGS, "machine_events": MACHINE_EVENTS}
BAD_SHARE = 0.4
"""Share of records for quarantine in the corpus: below `stop_above_share`, so that the stream does not stop."""
LARGE_SHARE = 0.002


def build_corpus(topic: str, size: int, chance: random.Random, first: int) -> list[Poison]:
    """`size` records of one topic, every case at least once, in random order; ids count from `first`."""
    kinds: dict[tuple[bool, bool], list[Case]] = {}
    for case in CASES[topic]:
        kinds.setdefault((case.outcome not in (SILVER, DELETION), case.large), []).append(case)
    cases = list(CASES[topic])
    while len(cases) < size:
        cases.append(chance.choice(kinds[chance.random() < BAD_SHARE, chance.random() < LARGE_SHARE]))
    chance.shuffle(cases)
    return [Poison(case, case.make(chance, first + number)) for number, case in enumerate(cases)]
