"""The ways to break each quality rule, at least one per rule; `generate --malformed` uses all of them in this order.

A function here takes the fields of a valid event, may change them, and returns the record's value; None is a tombstone.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from streaming.producers.events import encode

Fields = dict[str, Any]
_PAST = "1999-12-31T23:59:59.999Z"
_FUTURE = "2099-01-01T00:00:00.000Z"
_NUL = "nul \u0000 inside"


class Corruption(NamedTuple):
    """One way to break one quality rule: `rule` is its id in conf/quality.yaml, `corrupt` makes the record's value."""

    rule: str
    corrupt: Callable[[Fields], bytes | None]


def _with(**changes: Any) -> Callable[[Fields], bytes]:
    def corrupt(fields: Fields) -> bytes:
        return encode(fields | changes).encode()

    return corrupt


def _without(name: str) -> Callable[[Fields], bytes]:
    def corrupt(fields: Fields) -> bytes:
        del fields[name]
        return encode(fields).encode()

    return corrupt


def _tombstone(fields: Fields) -> None:
    return None


def _empty(fields: Fields) -> bytes:
    return b""


def _not_utf8(fields: Fields) -> bytes:
    return encode(fields).encode().replace(b'":"', b'":"\xff\xfe', 1)


def _truncated(fields: Fields) -> bytes:
    value = encode(fields)
    return value[: len(value) // 2].encode()


def _in_an_array(fields: Fields) -> bytes:
    return encode([fields]).encode()


def _with_bom(fields: Fields) -> bytes:
    return b"\xef\xbb\xbf" + encode(fields).encode()


def _too_deep(fields: Fields) -> bytes:
    return b'{"deep":' + b"[" * 1100 + b"]" * 1100 + b"," + encode(fields).encode()[1:]


def _not_json(fields: Fields) -> bytes:
    return b'{"post_id": oops, nothing here is quoted}'


def _infinite(fields: Fields) -> bytes:
    return encode(fields | {"power_kw": 0}).replace('"power_kw":0', '"power_kw":1e999').encode()


def _any_topic(time: str, identity: str) -> list[Corruption]:
    """Corruptions that fit every topic; `time` and `identity` are the names of its time and id fields."""
    return [
        Corruption("malformed", _tombstone),
        Corruption("missing_field", _without(time)),
        Corruption("malformed", _truncated),
        Corruption("bad_time", _with(**{time: "yesterday at noon"})),
        Corruption("nul_character", _with(**{identity: _NUL})),
        Corruption("malformed", _not_utf8),
        Corruption("ancient_time", _with(**{time: _PAST})),
        Corruption("too_long", _with(**{identity: "i" * 65})),
        Corruption("malformed", _in_an_array),
        Corruption("future_time", _with(**{time: _FUTURE})),
        Corruption("missing_field", _with(**{identity: ""})),
        Corruption("malformed", _with_bom),
        Corruption("bad_time", _with(**{time: "2026-02-30T12:00:00.000Z"})),
        Corruption("malformed", _empty),
        Corruption("bad_time", _with(**{time: "2026-02-03T12:00:00.000"})),
        Corruption("malformed", _not_json),
        Corruption("malformed", _too_deep),
    ]


POST_CORRUPTIONS = (
    Corruption("wrong_type", _with(hashtags="#not #a #list")),
    Corruption("unknown_kind", _with(kind="repost")),
    Corruption("missing_field", _without("author_id")),
    *_any_topic("created_at", "post_id"),
    Corruption("wrong_type", _with(mentions=7)),
    Corruption("too_long", _with(text="t" * 10_001)),
    Corruption("too_long", _with(author_id="a" * 129, created_at="no time either")),
    Corruption("missing_field", _with(lang="", kind="repost")),
    Corruption("nul_character", _with(text=_NUL)),
    Corruption("missing_field", _with(text=None)),
    Corruption("too_long", _with(lang="l" * 36)),
    Corruption("nul_character", _with(hashtags=["tag\u0000"])),
)
READING_CORRUPTIONS = (
    Corruption("wrong_type", _with(temperature_c="71.250")),
    Corruption("impossible_value", _with(temperature_c=1000.001)),
    *_any_topic("measured_at", "reading_id"),
    Corruption("impossible_value", _with(rotation_rpm=-0.001)),
    Corruption("wrong_type", _with(parts_count=[3])),
    Corruption("impossible_value", _with(parts_count=2.5)),
    Corruption("missing_field", _without("power_kw")),
    Corruption("impossible_value", _infinite),
    Corruption("missing_field", _with(pressure_bar=None)),
)
MACHINE_EVENT_CORRUPTIONS = (
    Corruption("unknown_kind", _with(kind="explosion")),
    *_any_topic("occurred_at", "event_id"),
    Corruption("too_long", _with(detail="d" * 1001)),
    Corruption("missing_field", _with(machine_id="")),
)
