"""The order of drivers: the one that started later gets every query, however the starts of both interleave."""

import uuid
from pathlib import Path

import pytest

from streaming.sinks.fence import Driver, Fenced, take_turn, write_fence


def make_driver(lake: Path) -> Driver:
    return Driver(uuid.uuid4(), take_turn(lake))


def test_of_two_drivers_that_start_at_once_the_later_one_gets_every_query(tmp_path: Path) -> None:
    older, newer = make_driver(tmp_path), make_driver(tmp_path)
    first = write_fence(tmp_path, "bronze", older)
    second = write_fence(tmp_path, "bronze", newer)
    with pytest.raises(Fenced, match="query bronze is held by a newer driver"):
        first.check()
    third = write_fence(tmp_path, "posts", newer)
    with pytest.raises(Fenced, match="query posts is held by a newer driver"):
        write_fence(tmp_path, "posts", older)
    second.check()
    third.check()


def test_a_query_restarted_after_an_outage_stays_with_its_driver(tmp_path: Path) -> None:
    driver = make_driver(tmp_path)
    before, after = write_fence(tmp_path, "posts", driver), write_fence(tmp_path, "posts", driver)
    assert after.number > before.number
    after.check()
    with pytest.raises(Fenced):
        before.check()  # a late batch of the query that ended must not write


def test_a_fence_is_above_the_lease_of_a_database_that_is_older_than_its_lake(tmp_path: Path) -> None:
    assert write_fence(tmp_path, "posts", make_driver(tmp_path), above=41).number == 42
