"""How an event is spoilt: for every rule of the stream at least one way, in an order that --malformed walks through.

A way takes the fields of a valid event (and changes them) and returns the record's value; None is a tombstone.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from streaming.producers.events import encode

Fields = dict[str, Any]
_PAST = "1999-12-31T23:59:59.999Z"
_FUTURE = "2099-01-01T00:00:00.000Z"
_NUL = "nul \u0000 inside"


class Fault(NamedTuple):
    """One way to break one rule."""

    rule: str
    spoil: Callable[[Fields], bytes | None]


def _with(**changes: Any) -> Callable[[Fields], bytes]:
    def spoil(fields: Fields) -> bytes:
        return encode(fields | changes).encode()

    return spoil


def _without(name: str) -> Callable[[Fields], bytes]:
    def spoil(fields: Fields) -> bytes:
        del fields[name]
        return encode(fields).encode()

    return spoil


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


def _any_topic(time: str, identity: str) -> list[Fault]:
    """Faults that every topic can have; `time` and `identity` are the names of its time and id fields."""
    return [
        Fault("malformed", _tombstone),
        Fault("missing_field", _without(time)),
        Fault("malformed", _truncated),
        Fault("bad_time", _with(**{time: "yesterday at noon"})),
        Fault("nul_character", _with(**{identity: _NUL})),
        Fault("malformed", _not_utf8),
        Fault("ancient_time", _with(**{time: _PAST})),
        Fault("too_long", _with(**{identity: "i" * 65})),
        Fault("malformed", _in_an_array),
        Fault("future_time", _with(**{time: _FUTURE})),
        Fault("missing_field", _with(**{identity: ""})),
        Fault("malformed", _with_bom),
        Fault("bad_time", _with(**{time: "2026-02-30T12:00:00.000Z"})),
        Fault("malformed", _empty),
        Fault("bad_time", _with(**{time: "2026-02-03T12:00:00.000"})),
        Fault("malformed", _not_json),
        Fault("malformed", _too_deep),
    ]


POST_FAULTS = (
    Fault("wrong_type", _with(hashtags="#not #a #list")),
    Fault("unknown_kind", _with(kind="repost")),
    Fault("missing_field", _without("author_id")),
    *_any_topic("created_at", "post_id"),
    Fault("wrong_type", _with(mentions=7)),
    Fault("too_long", _with(text="t" * 10_001)),
    Fault("too_long", _with(author_id="a" * 129, created_at="no time either")),
    Fault("missing_field", _with(lang="", kind="repost")),
    Fault("nul_character", _with(text=_NUL)),
    Fault("missing_field", _with(text=None)),
    Fault("too_long", _with(lang="l" * 36)),
    Fault("nul_character", _with(hashtags=["tag\u0000"])),
)
READING_FAULTS = (
    Fault("wrong_type", _with(temperature_c="71.250")),
    Fault("impossible_value", _with(temperature_c=1000.001)),
    *_any_topic("measured_at", "reading_id"),
    Fault("impossible_value", _with(rotation_rpm=-0.001)),
    Fault("wrong_type", _with(parts_count=[3])),
    Fault("impossible_value", _with(parts_count=2.5)),
    Fault("missing_field", _without("power_kw")),
    Fault("impossible_value", _infinite),
    Fault("missing_field", _with(pressure_bar=None)),
)
MACHINE_EVENT_FAULTS = (
    Fault("unknown_kind", _with(kind="explosion")),
    *_any_topic("occurred_at", "event_id"),
    Fault("too_long", _with(detail="d" * 1001)),
    Fault("missing_field", _with(machine_id="")),
)
