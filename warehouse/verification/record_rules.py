"""The quality rules, written a second time: a record's bytes -> its verdict and, if valid, its values for silver.

A verdict is `valid`, `deletion` or the name of the first quality rule that the record breaks.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from warehouse.verification.decoding import Number, Object, Rejected, decode
from warehouse.verification.inputs import Limits
from warehouse.verification.values import (
    digest_id,
    digest_text,
    find_hashtags,
    find_mentions,
    keep_counted,
    lower_ascii,
    make_pseudonym,
    parse_time,
    to_ten_thousandths,
)

# A time rule with the action "warn" still rejects times outside this range, which the tables cannot hold.
OLDEST_KEPT_US = parse_time("1000-01-01T00:00:00Z") or 0
NEWEST_KEPT_US = parse_time("9999-01-01T00:00:00Z") or 0
POST_FIELDS = ("post_id", "source", "author_id", "created_at", "text", "lang", "in_reply_to", "kind")
DELETION_REQUIRED = ("post_id", "source", "created_at")
POST_REQUIRED = ("post_id", "source", "author_id", "created_at", "lang")  # `text` may be empty but not absent
READING_FIELDS = ("reading_id", "machine_id", "measured_at")
SENSORS = ("temperature_c", "vibration_mm_s", "rotation_rpm", "pressure_bar", "power_kw", "parts_count")
EVENT_FIELDS = ("event_id", "machine_id", "occurred_at", "kind", "detail")
NOT_TEXT = frozenset({"created_at", "measured_at", "occurred_at", "kind"})  # have rules of their own, none of length
EVENT_REQUIRED = ("event_id", "machine_id", "occurred_at", "kind")

Values = Mapping[str, Any]
Fields = dict[str, str | None]


def _to_text(item: Any) -> str | None:
    """A JSON string, whole number or boolean as text.

    Raises:
        Rejected: `wrong_type`.
    """
    if item is None or type(item) is str:
        return item
    if isinstance(item, Number) and item.removeprefix("-").isdigit():
        return str(int(item))  # not a fraction: 1.10 and 1.1 are one number but two texts
    if isinstance(item, bool):
        return "true" if item else "false"
    raise Rejected("wrong_type")


def _read_texts(parsed: Object, name: str) -> list[str] | None:
    given = _last_of_type(parsed, name, list)
    return None if given is None else [text for text in map(_to_text, given) if text is not None]


def _read_number(parsed: Object, name: str) -> float | None:
    digits = _last_of_type(parsed, name, Number)
    return None if digits is None else float(digits)


def _last_of_type(parsed: Object, name: str, kind: type) -> Any:
    """The last value of a name; raises Rejected if any of its values, not only the last, has another type."""
    values = parsed.every(name)
    if not all(value is None or isinstance(value, kind) for value in values):
        raise Rejected("wrong_type")
    return values[-1]


class RecordRules:
    """Applies one set of limits and one pseudonym key to the records of the three topics."""

    def __init__(self, limits: Limits, key: bytes) -> None:
        self._limits = limits
        self._pseudonym = make_pseudonym(key)
        self._earliest = parse_time(f"{limits.earliest}T00:00:00Z") or 0

    def reader_of(self, topic: str) -> Callable[[bytes | None, int], Values]:
        """The method that reads a topic's values: (bytes, Kafka time in microseconds) -> verdict and values."""
        readers = {"posts": self.read_post, "readings": self.read_reading, "machine_events": self.read_machine_event}
        return readers[topic]

    def read_post(self, value: bytes | None, kafka_us: int) -> Values:
        """A post or a deletion.

        Raises:
            Rejected: with the first rule that the record breaks.
        """
        parsed = decode(value)
        fields: Fields = {name: _to_text(parsed.get(name)) for name in POST_FIELDS}
        given_hashtags, given_mentions = _read_texts(parsed, "hashtags"), _read_texts(parsed, "mentions")
        kind = "post" if fields["kind"] is None else fields["kind"]
        required = DELETION_REQUIRED if kind == "deletion" else POST_REQUIRED
        if any(not fields[name] for name in required) or (kind != "deletion" and fields["text"] is None):
            raise Rejected("missing_field")
        if kind not in ("post", "deletion"):
            raise Rejected("unknown_kind")
        self._check_texts(fields, [*(given_hashtags or []), *(given_mentions or [])])
        created_us = self._check_time(fields["created_at"], kafka_us)
        values = {"post_id": fields["post_id"], "source": fields["source"], "created_us": created_us}
        if kind == "deletion":
            return {"verdict": "deletion", **values}
        return {"verdict": "valid", **values, **self._read_content(fields, given_hashtags, given_mentions)}

    def _read_content(self, fields: Fields, hashtags: list[str] | None, mentions: list[str] | None) -> Values:
        text, author_id = fields["text"] or "", fields["author_id"] or ""
        folded = find_hashtags(hashtags, text)
        return {
            "lang": lower_ascii(fields["lang"] or ""),
            "text_md5": digest_text(text),
            "hashtags": folded,
            "counted_hashtags": keep_counted(folded),
            "author_pseudonym": self._pseudonym(author_id),
            "author_sha": digest_id(author_id),
            "mention_pseudonyms": [self._pseudonym(mention) for mention in find_mentions(mentions, text)],
            "in_reply_to": fields["in_reply_to"],
        }

    def read_reading(self, value: bytes | None, kafka_us: int) -> Values:
        """One reading of all sensors of a machine, measures in ten-thousandths.

        Raises:
            Rejected: with the first rule that the record breaks.
        """
        parsed = decode(value)
        fields: Fields = {name: _to_text(parsed.get(name)) for name in READING_FIELDS}
        measures = {name: _read_number(parsed, name) for name in SENSORS}
        if not all(fields.values()) or None in measures.values():
            raise Rejected("missing_field")
        self._check_texts(fields)
        measured_us = self._check_time(fields["measured_at"], kafka_us)
        ten_thousandths = {
            name: self._check_measure(name, measure) for name, measure in measures.items() if measure is not None
        }
        return {
            "verdict": "valid",
            "reading_id": fields["reading_id"],
            "machine_id": fields["machine_id"],
            "measured_us": measured_us,
            **ten_thousandths,
        }

    def read_machine_event(self, value: bytes | None, kafka_us: int) -> Values:
        """A failure or a maintenance of a machine.

        Raises:
            Rejected: with the first rule that the record breaks.
        """
        parsed = decode(value)
        fields: Fields = {name: _to_text(parsed.get(name)) for name in EVENT_FIELDS}
        if any(not fields[name] for name in EVENT_REQUIRED):
            raise Rejected("missing_field")
        if fields["kind"] not in ("failure", "maintenance"):
            raise Rejected("unknown_kind")
        self._check_texts(fields)
        occurred_us = self._check_time(fields.pop("occurred_at"), kafka_us)
        return {"verdict": "valid", **fields, "occurred_us": occurred_us}

    def _check_texts(self, fields: Fields, elements: Iterable[str] = ()) -> None:
        kept = {name: text for name, text in fields.items() if text and name not in NOT_TEXT}
        if any("\x00" in text for text in (*kept.values(), *elements)):
            raise Rejected("nul_character")
        if any(len(text) > self._limits.max_lengths[name] for name, text in kept.items()):
            raise Rejected("too_long")

    def _check_time(self, text: str | None, kafka_us: int) -> int:
        time_us = parse_time(text or "")
        if time_us is None:
            raise Rejected("bad_time")
        if time_us < self._earliest and (time_us < OLDEST_KEPT_US or "ancient_time" not in self._limits.warned_rules):
            raise Rejected("ancient_time")
        latest = kafka_us + self._limits.tolerance_seconds * 1_000_000
        if time_us > latest and (time_us >= NEWEST_KEPT_US or "future_time" not in self._limits.warned_rules):
            raise Rejected("future_time")
        return time_us

    def _check_measure(self, name: str, measure: float) -> int:
        low, high = self._limits.sensor_limits[name]
        if not low <= measure <= high or (name == "parts_count" and not measure.is_integer()):
            raise Rejected("impossible_value")
        return to_ten_thousandths(measure)
