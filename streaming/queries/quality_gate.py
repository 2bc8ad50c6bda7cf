"""The check before a topic query writes: a batch over a limit of conf/quality.yaml ends the query instead.

The refusal is written to `ops.refused_batches`. An operator allows the batch there (`repair --allow-batch`), and the
gate reads the table only when a batch is over a limit.
"""

import json
from dataclasses import dataclass

from streaming.errors import StreamingError
from streaming.queries.outcomes import OutcomeCounts
from streaming.records.quality_rules import QualityRules
from streaming.recovery.checkpoint import BatchRange
from streaming.recovery.offsets import Offsets, covers
from streaming.sinks.delta import OffsetTrackedTable
from streaming.sinks.postgres import Ledger

NEXT_STEP = (
    "nothing of this batch was written; correct the sender or conf/quality.yaml, or let exactly this batch pass, its "
    "invalid records into quarantine: ./spark-submit.sh repair --allow-batch"
)


class BatchRefused(StreamingError):
    """A batch is over a limit of the quality rules: an operator decides what becomes of it."""


@dataclass(frozen=True)
class Refusal:
    """A refused batch, as recorded in `ops.refused_batches`."""

    to: Offsets
    records: int
    reason: str


class QualityGate:
    """The limits of one query, and its refused batches."""

    def __init__(self, query: str, silver: OffsetTrackedTable, ledger: Ledger, rules: QualityRules) -> None:
        self._query = query
        self._silver = silver
        self._ledger = ledger
        self._rules = rules

    def check(self, batch: BatchRange, outcomes: OutcomeCounts) -> None:
        """Passes a batch that is within the limits, allowed by an operator, or in silver already.

        Raises:
            BatchRefused: it is over a limit.
        """
        reason = find_excess(outcomes, batch.records, self._rules)
        if reason is None or self._is_in_silver(batch.to) or self._is_allowed(batch.to):
            return
        offsets = {"from_offsets": self._render(batch.start), "to_offsets": self._render(batch.to)}
        self._ledger.execute(
            "refuse_batch", generation=self._generation, records=batch.records, reason=reason, **offsets
        )
        raise BatchRefused(f"query {self._query}: {reason}; {NEXT_STEP}")

    def find_refusal(self) -> Refusal | None:
        """The batch at which the query stopped last, if it is still undecided."""
        found = self._ledger.execute("read_refused", generation=self._generation)
        refusals = [Refusal({self._query: to}, records, reason) for to, records, reason in found]
        return next((refusal for refusal in refusals if not self._is_in_silver(refusal.to)), None)

    def allow(self, refusal: Refusal) -> None:
        """From now on batches up to the end of this one pass."""
        self._ledger.execute("allow_batch", generation=self._generation, to_offsets=self._render(refusal.to))

    @property
    def _generation(self) -> int:
        return self._silver.generations[self._query]

    def _render(self, offsets: Offsets) -> str:
        return json.dumps(dict(offsets[self._query]))

    def _is_in_silver(self, to: Offsets) -> bool:
        end = self._silver.end()
        return end is not None and covers(end, to)

    def _is_allowed(self, to: Offsets) -> bool:
        allowed = self._ledger.execute("read_allowed", generation=self._generation)
        return any(covers({self._query: offsets}, to) for (offsets,) in allowed)


def find_excess(outcomes: OutcomeCounts, records: int, rules: QualityRules) -> str | None:
    """Which limit a batch of `records` records is over, in words without payload; None if none."""
    stopping = sorted(rule for rule, action in rules.actions.items() if action == "stop")
    broken = {rule: outcomes.counts.get(f"quarantine:{rule}", 0) for rule in stopping}
    reasons = [f"{count} of {records} records break {rule}" for rule, count in broken.items() if count]
    if reasons:
        return f"{' and '.join(reasons)}, which stops a stream"
    if records >= rules.stop_from_records and outcomes.rejected > records * rules.stop_above_share:
        return f"{outcomes.rejected} of {records} records are for quarantine, more than {rules.stop_above_share:.0%}"
    return None
