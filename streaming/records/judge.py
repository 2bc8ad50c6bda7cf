"""The verdict on a record: where it is written, why, and the values that its silver row holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from streaming.records.fields import Event, find_unknown
from streaming.records.json_object import read_object
from streaming.records.quality_rules import QualityRules, Unusable
from streaming.records.times import TimeRules

SILVER = "silver"


class Usable(NamedTuple):
    """A record that breaks no rule. `outcome`: `SILVER`, or the kind of a deletion."""

    outcome: str
    kind: str  # with `identity` the deduplication key
    identity: tuple[str, ...]
    at: int  # event time, microseconds
    warned: str | None
    values: Mapping[str, Any]  # columns of its table, without coordinates and ingestion


@dataclass(frozen=True)
class RecordType:
    """What a topic's records are. `read` raises Unusable with the first rule that the record breaks."""

    fields: frozenset[str]
    read: Callable[[Event, int, QualityRules, TimeRules, Callable[[str], str]], Usable]


class Verdict(NamedTuple):
    """`usable` is None where `rejection` is not. `unknown_fields`: None if the value is no JSON object."""

    usable: Usable | None
    rejection: Unusable | None
    is_late: bool
    unknown_fields: list[str] | None


def make_judge(
    record_type: RecordType, rules: QualityRules, pseudonym_of: Callable[[str], str]
) -> Callable[[bytes | None, int], Verdict]:
    """A function (value, Kafka time in microseconds) -> Verdict."""
    times, known = TimeRules(rules), record_type.fields

    def judge(value: bytes | None, kafka_us: int) -> Verdict:
        unknown = None
        try:
            event = read_object(value)
            unknown = find_unknown(event, known)
            usable = record_type.read(event, kafka_us, rules, times, pseudonym_of)
        except Unusable as rejection:
            return Verdict(None, rejection, False, unknown)
        return Verdict(usable, None, usable.outcome == SILVER and times.is_late(usable.at, kafka_us), unknown)

    return judge
