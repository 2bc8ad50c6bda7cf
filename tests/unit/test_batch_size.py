"""The bound of a batch's bytes is never too small, whatever is appended or deleted while it is read."""

from typing import cast

from streaming.kafka_admin import LogState, TopicWatch
from streaming.queries.batch_size import SMALL_BYTES, SMALL_RECORDS, BatchSize, has_few_records
from streaming.recovery.checkpoint import BatchRange


class Log:
    """One partition: records by size, the oldest ones deleted; stands in for the connection to the broker."""

    def __init__(self, *sizes: int) -> None:
        self.sizes, self.begin, self.is_secret = list(sizes), 0, False

    def read_logs(self, topics: tuple[str, ...]) -> LogState:
        ends = {"posts": {"0": len(self.sizes)}}
        sizes = {} if self.is_secret else {("posts", "0"): sum(self.sizes[self.begin :])}
        return LogState({"posts": {"0": self.begin}}, sizes, ends)


def make_size(log: Log) -> BatchSize:
    size = BatchSize(cast(TopicWatch, log), ("posts",))
    size.observe()
    return size


def batch(start: int, to: int) -> BatchRange:
    return BatchRange(1, {"posts": {"0": start}}, {"posts": {"0": to}}, batch_ms=0, watermark_ms=0)


def test_a_batch_after_the_first_look_is_bounded_by_the_growth() -> None:
    log = Log(10, 10, 10)
    size = make_size(log)
    log.sizes += [1_000_000, 7]
    assert size.find_bound(batch(3, 5)) == 1_000_007


def test_the_newest_fitting_look_counts_and_one_past_the_start_does_not() -> None:
    log = Log(10)
    size = make_size(log)
    log.sizes += [20, 30]
    assert size.find_bound(batch(1, 2)) == 50  # the third record came after the batch was planned
    log.sizes.append(40)
    assert size.find_bound(batch(2, 4)) == 90  # the look at three records lies beyond its start
    log.sizes.append(50)
    assert size.find_bound(batch(4, 5)) == 50


def test_a_backlog_is_bounded_by_the_whole_log() -> None:
    log = Log(1_000_000, 10)
    assert make_size(log).find_bound(batch(0, 2)) == 1_000_010


def test_retention_between_two_looks_does_not_hide_growth() -> None:
    log = Log(500, 500)
    size = make_size(log)
    log.sizes.append(900)
    log.begin = 2
    assert size.find_bound(batch(2, 3)) == 900


def test_a_broker_that_reports_no_size_has_no_small_batches() -> None:
    log = Log(10)
    size = make_size(log)
    log.sizes.append(10)
    assert size.has_few_bytes(batch(1, 2))
    log.is_secret = True
    assert size.find_bound(batch(1, 2)) is None
    assert not size.has_few_bytes(batch(1, 2))


def test_the_limits_themselves_are_small() -> None:
    log = Log(1)
    size = make_size(log)
    log.sizes.append(SMALL_BYTES)
    assert size.has_few_bytes(batch(1, 2))
    log.sizes.append(SMALL_BYTES + 1)
    assert not size.has_few_bytes(batch(2, 3))
    assert has_few_records(batch(0, SMALL_RECORDS))
    assert not has_few_records(batch(0, SMALL_RECORDS + 1))
