"""Offsets: which part of a batch a table lacks."""

import pytest

from streaming.recovery.offsets import (
    Decision,
    PositionGap,
    count_between,
    covers,
    decide,
    furthest,
    is_same,
)


def at(*offsets: int) -> dict[str, dict[str, int]]:
    return {"posts": {str(partition): offset for partition, offset in enumerate(offsets)}}


@pytest.mark.parametrize(
    ("end", "start", "to", "expected"),
    [
        (None, at(5, 5), at(9, 9), Decision.WHOLE),
        (at(5, 5), at(5, 5), at(9, 9), Decision.WHOLE),
        (at(5), at(5, 0), at(9, 3), Decision.WHOLE),  # a partition that the table never saw counts as 0
        (at(9, 9), at(5, 5), at(9, 9), Decision.NOTHING),
        (at(12, 9), at(5, 5), at(9, 9), Decision.NOTHING),
        (at(7, 5), at(5, 5), at(9, 9), Decision.BEYOND),
        (at(9, 5), at(5, 5), at(9, 9), Decision.BEYOND),
    ],
)
def test_decision(end: dict, start: dict, to: dict, expected: Decision) -> None:
    assert decide(end, start, to) is expected


def test_missing_records_stop() -> None:
    with pytest.raises(PositionGap, match="missing"):
        decide(at(4, 5), at(5, 5), at(9, 9))


def test_comparisons_take_missing_partitions_as_zero() -> None:
    assert is_same(at(3), at(3, 0))
    assert covers(at(3), at(2, 0))
    assert not covers(at(3), at(2, 1))
    assert furthest(at(3, 1), at(2, 4)) == at(3, 4)
    assert count_between(at(3), at(5, 7)) == 9
