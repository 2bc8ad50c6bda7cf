"""An upper bound of a batch's bytes before it is read: how much the broker's log grew.

Offsets tell how many records a batch has, not how large they are: all of a sudden each may have 1 MB. The size of a
partition's log, read after the batch was planned, less its size when the log still ended at or before the batch's
start, is at least the size of the batch's records. After a backlog, or retention in between, all of the log counts.
(Topics store uncompressed, see `streaming.kafka_admin`.)
"""

from collections import deque
from dataclasses import dataclass

from streaming.kafka_admin import LogState, TopicWatch
from streaming.recovery.checkpoint import BatchRange
from streaming.recovery.offsets import covers

SMALL_RECORDS, SMALL_BYTES = 20_000, 32 * 2**20
"""A batch within both limits is written without Spark. The driver then holds it some three times: as Spark's result, as
an Arrow table, and in parts of it."""
KEPT_OBSERVATIONS = 20
"""A batch starts where the one before was planned to end, so usually the observation before the last one is used."""


def has_few_records(batch: BatchRange) -> bool:
    """Whether the batch has at most `SMALL_RECORDS`."""
    return batch.records <= SMALL_RECORDS


@dataclass
class BatchSize:
    """The observations of some topics. `observe` once before the query starts, then `has_few_bytes` in each batch."""

    watch: TopicWatch
    topics: tuple[str, ...]

    def __post_init__(self) -> None:
        self._observed: deque[LogState] = deque(maxlen=KEPT_OBSERVATIONS)

    def observe(self) -> LogState:
        """Reads the state of the topics' logs now.

        Raises:
            StartBroker: the broker does not answer.
        """
        state = self.watch.read_logs(self.topics)
        self._observed.append(state)
        return state

    def has_few_bytes(self, batch: BatchRange) -> bool:
        """Whether the batch certainly has at most `SMALL_BYTES`. Call it in every batch."""
        bound = self.find_bound(batch)
        return bound is not None and bound <= SMALL_BYTES

    def find_bound(self, batch: BatchRange) -> int | None:
        """The batch has at most so many bytes: the growth of the log, or all of it where no observation fits.

        None where the broker does not say how large its logs are.
        """
        now = self.observe()
        size = now.count_bytes()
        for before in reversed(self._observed):
            if before.begins == now.begins and covers(batch.start, before.ends):
                earlier = before.count_bytes()
                return None if size is None or earlier is None else size - earlier
        return size
