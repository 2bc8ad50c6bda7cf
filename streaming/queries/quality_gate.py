"""The gate before every write of a topic query: a batch over a limit of conf/quality.yaml ends the query instead.

The refusal is written to the warehouse's books; an operator lets the batch pass there (`repair --allow-batch`), and the
gate looks there only when a batch is over a limit.
"""

import json
from dataclasses import dataclass

from streaming.errors import StreamingError
from streaming.queries.outcomes import OutcomeCounts
from streaming.recovery.checkpoint import BatchRange
from streaming.recovery.offsets import Offsets, covers, from_position
from streaming.sinks.delta import OffsetTrackedTable
from streaming.sinks.postgres import Ledger
from streaming.transforms.quality_rules import QualityRules

WAY_OUT = (
    "nothing of this batch was written; correct the sender or conf/quality.yaml, or let exactly this batch into "
    "quarantine: ./spark-submit.sh repair --allow-batch"
)


class BatchRefused(StreamingError):
    """A batch is over a limit of the quality rules: an operator decides what becomes of it."""


@dataclass(frozen=True)
class Refusal:
    """A batch that was not let through, as the books know it."""

    to: Offsets
    records: int
    reason: str


class QualityGate:
    """The limits of one query, and the books about its batches that were over them."""

    def __init__(self, query: str, silver: OffsetTrackedTable, ledger: Ledger, rules: QualityRules) -> None:
        self._query = query
        self._silver = silver
        self._ledger = ledger
        self._rules = rules

    def check(self, batch: BatchRange, outcomes: OutcomeCounts) -> None:
        """Lets a batch pass that is within the limits, allowed by an operator, or in silver already.

        Raises:
            BatchRefused: it is over a limit.
        """
        reason = find_excess(outcomes, batch.records, self._rules)
        if reason is None or self._has_passed(batch.to) or self._is_allowed(batch.to):
            return
        offsets = {"from_offsets": self._render(batch.start), "to_offsets": self._render(batch.to)}
        self._ledger.ask("refuse_batch", generation=self._generation, records=batch.records, reason=reason, **offsets)
        raise BatchRefused(f"query {self._query}: {reason}; {WAY_OUT}")

    def find_refusal(self) -> Refusal | None:
        """The batch that stopped the query last, if it still waits for a decision."""
        found = self._ledger.ask("read_refused", generation=self._generation)
        refusals = [Refusal(from_position(to, (self._query,)), records, reason) for to, records, reason in found]
        return next((refusal for refusal in refusals if not self._has_passed(refusal.to)), None)

    def allow(self, refusal: Refusal) -> None:
        """From now on batches up to the end of this one pass."""
        self._ledger.ask("allow_batch", generation=self._generation, to_offsets=self._render(refusal.to))

    @property
    def _generation(self) -> int:
        return self._silver.generations[self._query]

    def _render(self, offsets: Offsets) -> str:
        return json.dumps(self._silver.to_position(offsets))

    def _has_passed(self, to: Offsets) -> bool:
        end = self._silver.end()
        return end is not None and covers(end, to)

    def _is_allowed(self, to: Offsets) -> bool:
        allowed = self._ledger.ask("read_allowed", generation=self._generation)
        return any(covers(from_position(offsets, (self._query,)), to) for (offsets,) in allowed)


def find_excess(outcomes: OutcomeCounts, records: int, rules: QualityRules) -> str | None:
    """Which limit a batch of so many records is over, in words without payload; None if none."""
    broken = {
        rule: outcomes.counts.get(f"quarantine:{rule}", 0) for rule, does in rules.actions.items() if does == "stop"
    }
    stopping = [f"{count} of {records} records break {rule}" for rule, count in sorted(broken.items()) if count]
    if stopping:
        return f"{' and '.join(stopping)}, which stops a stream"
    if records >= rules.stop_from_records and outcomes.rejected > records * rules.stop_above_share:
        return f"{outcomes.rejected} of {records} records are for quarantine, more than {rules.stop_above_share:.0%}"
    return None
