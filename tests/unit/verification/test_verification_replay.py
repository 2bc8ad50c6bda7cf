"""The recount of records that quarantine gave back, and of those whose bytes were given up."""

import json

import pytest

from tests.support.verification.sample import ENDS, FIRST, SECOND
from tests.support.verification.world import Row, World

REPLAY = {
    "query": "posts",
    "lineage": 1,
    "generation": 1,
    "rules": "r",
    "by": "replay",
    "from": ENDS["posts"],
    "to": ENDS["posts"],
    "batch_at": SECOND.isoformat(),
    "counts": {"replayed": 0},
}
"""Silver's third commit; in this world the row is in an earlier one, which the recount does not ask."""


def shelve_post_a(world: World, **values: object) -> None:
    """Post `a` of silver came as a bad record: quarantine has it too, and the counts say so."""
    post = next(row for row in world.rows("silver/posts") if row["post_id"] == "a")
    bronze = next(row for row in world.rows("bronze/records") if row["topic"] == "posts" and row["offset"] == 0)
    place = {name: post[name] for name in ("partition", "offset", "kafka_at")}
    row = {**world.rows("quarantine/posts")[0], **place, "value": bronze["value"], **values}
    world.tables["quarantine/posts"][1][1].append(row)
    world.tables["silver/posts"].append((REPLAY, []))
    offsets = json.dumps(ENDS["posts"])
    world.postgres["pg_ledger"].append(
        {"query": "posts", "lineage": 1, "silver_version": 3, "from_offsets": offsets, "to_offsets": offsets, "rows": 0}
    )
    count(world, {"silver": 2, "quarantine:malformed": 3})
    world.postgres["pg_row_counts"].append({"query": "posts", "outcome": "replayed", "rows": 1})


def count(world: World, rows: dict[str, int]) -> None:
    for row in world.postgres["pg_row_counts"]:
        if row["query"] == "posts" and row["outcome"] in rows:
            row["rows"] = rows[row["outcome"]]


def mark(world: World, silver_version: int) -> None:
    note: Row = {**REPLAY, "replayed_at": SECOND.isoformat(), "silver_version": silver_version}
    world.tables["quarantine/posts"].append((note, []))


def test_a_replayed_record_has_left_quarantine(world: World) -> None:
    shelve_post_a(world, replayed_at=SECOND)
    mark(world, silver_version=3)
    world.drained = True
    report = world.verify()
    assert {check.name: check.examples for check in report.checks if check.differences} == {}
    assert report.outside["replayed_not_marked_yet"] == 0


@pytest.mark.parametrize("drained", [False, True])
def test_a_replay_before_its_mark_is_told_and_wrong_only_where_nothing_may_wait(world: World, drained: bool) -> None:
    shelve_post_a(world)
    world.drained = drained
    report = world.verify()
    assert {check.name for check in report.checks if check.differences} == ({"drained"} if drained else set())
    assert report.outside["replayed_not_marked_yet"] == 1


def test_a_mark_beyond_the_cut_does_not_count_yet(world: World) -> None:
    shelve_post_a(world, replayed_at=SECOND)
    mark(world, silver_version=4)
    assert world.verify().outside["replayed_not_marked_yet"] == 1


def test_without_a_replay_a_record_has_one_place(world: World) -> None:
    shelve_post_a(world)
    world.tables["silver/posts"].pop()
    world.postgres["pg_ledger"].pop()
    assert {"one_place", "verdicts"} & world.failing()


def test_a_replay_that_was_counted_as_silver_too(world: World) -> None:
    shelve_post_a(world, replayed_at=SECOND)
    mark(world, silver_version=3)
    count(world, {"silver": 3})
    assert world.failing() == {"row_counts"}


@pytest.mark.parametrize(("value", "failing"), [(None, set()), (b"{not json", {"quarantine_bytes"})])
def test_purged_bytes_are_gone_and_their_place_stays(world: World, value: bytes | None, failing: set[str]) -> None:
    world.rows("quarantine/posts")[0].update(value=value, purged_at=FIRST)
    assert world.failing() == failing


def test_bytes_that_nobody_purged_must_be_there(world: World) -> None:
    world.rows("quarantine/posts")[0].update(value=None)
    assert world.failing() == {"quarantine_bytes"}
