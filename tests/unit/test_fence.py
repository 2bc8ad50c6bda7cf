"""The order of drivers: whoever started later wins every query, however the two openings interleave."""

import uuid
from pathlib import Path

import pytest

from streaming.sinks.fence import Driver, Fenced, take_fence, take_turn


def make_driver(lake: Path) -> Driver:
    return Driver(uuid.uuid4(), take_turn(lake))


def test_of_two_drivers_that_open_at_once_the_later_one_gets_every_query(tmp_path: Path) -> None:
    older, newer = make_driver(tmp_path), make_driver(tmp_path)
    first = take_fence(tmp_path, "bronze", older)
    second = take_fence(tmp_path, "bronze", newer)
    with pytest.raises(Fenced, match="query bronze was taken over by a newer driver"):
        first.check()
    third = take_fence(tmp_path, "posts", newer)
    with pytest.raises(Fenced, match="query posts was taken over by a newer driver"):
        take_fence(tmp_path, "posts", older)
    second.check()
    third.check()


def test_a_query_opened_again_after_an_outage_stays_with_its_driver(tmp_path: Path) -> None:
    driver = make_driver(tmp_path)
    before, after = take_fence(tmp_path, "posts", driver), take_fence(tmp_path, "posts", driver)
    assert after.number > before.number
    after.check()
    with pytest.raises(Fenced):
        before.check()  # a batch of the query that ended must not come late


def test_a_number_is_above_the_lease_of_a_database_that_outlived_its_lake(tmp_path: Path) -> None:
    assert take_fence(tmp_path, "posts", make_driver(tmp_path), above=41).number == 42
