"""Topic machine_events: failures and maintenance of machines."""

from collections.abc import Callable

from streaming.records.fields import Event, check_texts, read_texts, require
from streaming.records.judge import SILVER, RecordType, Usable
from streaming.records.quality_rules import QualityRules, Unusable
from streaming.records.times import TimeRules

REQUIRED = ("event_id", "machine_id", "occurred_at", "kind")
TEXTS = (*REQUIRED, "detail")


def read_machine_event(
    event: Event, kafka_us: int, rules: QualityRules, times: TimeRules, _pseudonym_of: Callable[[str], str]
) -> Usable:
    """The rules, in their order."""
    texts = read_texts(event, TEXTS)
    require(texts, REQUIRED)
    if texts["kind"] not in ("failure", "maintenance"):
        raise Unusable("unknown_kind", "kind is neither failure nor maintenance")
    check_texts(texts, rules.max_lengths, {})
    at, warned = times.read("occurred_at", str(texts["occurred_at"]), kafka_us)
    return Usable(SILVER, "machine_event", (str(texts["event_id"]),), at, warned, {**texts, "occurred_at": at})


MACHINE_EVENTS = RecordType(frozenset(TEXTS), read_machine_event)
