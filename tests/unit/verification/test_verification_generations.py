"""A topic that was deleted and created again begins at offset 0 once more: the journal knows places and times only."""

import hashlib
import json
from datetime import datetime, timedelta

import pytest

from tests.support.verification.sample import ENDS, T0, us
from tests.support.verification.world import Row, World

REBORN = T0 + timedelta(minutes=10)
OLD, NEW = b"{the old topic's", b"{the new topic's"
LEFT = "_and_gone_with_its_topic"


@pytest.fixture
def world(world: World) -> World:
    """Posts have a new topic with a record on two partitions, and every layer has read both. Nothing may wait."""
    world.drained = True
    stop = {"0": 1, "2": 1}
    bronze = {"query": "bronze", "from": ENDS, "to": {**ENDS, "posts": stop}, "generation": {"posts": 2}}
    rows = [make_record(2, partition, 0, REBORN, NEW) for partition in (0, 2)]
    add_commit(world, "bronze/records", bronze, rows)
    add_commit(world, "silver/posts", {"query": "posts", "to": stop, "generation": 2, "counts": {"silver": 0}}, [])
    add_commit(world, "quarantine/posts", {}, [reject(row) for row in rows])
    world.postgres["pg_ledger"].append(
        {
            "query": "posts",
            "lineage": 1,
            "silver_version": 3,
            "from_offsets": "{}",
            "to_offsets": json.dumps(stop),
            "rows": 0,
        }
    )
    for counted in world.postgres["pg_row_counts"]:
        counted["rows"] += 2 * ((counted["query"], counted["outcome"]) == ("posts", "quarantine:malformed"))
    acknowledge(world, 0, 0, REBORN, NEW)
    acknowledge(world, 2, 0, REBORN, NEW)
    return world


def make_record(generation: int, partition: int, offset: int, at: datetime, value: bytes) -> Row:
    return {
        "topic": "posts",
        "generation": generation,
        "partition": partition,
        "offset": offset,
        "kafka_at": at,
        "key": b"k",
        "value": value,
        "ingested_at": at,
        "ingest_date": at.date(),
    }


def reject(record: Row) -> Row:
    kept = {name: record[name] for name in ("generation", "partition", "offset", "kafka_at", "key", "value")}
    return {
        **kept,
        "rule": "malformed",
        "reason": "because",
        "first_seen_at": record["ingested_at"],
        "replayed_at": None,
        "purged_at": None,
    }


def add_commit(world: World, table: str, note: Row, rows: list[Row]) -> None:
    common = {"lineage": 1, "from": {}, "rules": "r", "batch_at": REBORN.isoformat()}
    world.tables[table].append(({**common, **note} if note else {}, rows))


def acknowledge(world: World, partition: int, offset: int, at: datetime, value: bytes) -> None:
    n = len(world.journal) + 100
    world.journal += [
        {
            "e": "intent",
            "n": n,
            "topic": "posts",
            "id": "",
            "sha256": hashlib.sha256(value).hexdigest(),
            "verdict": "malformed",
        },
        {"e": "ack", "n": n, "partition": partition, "offset": offset, "kafka_ms": us(at) // 1000},
    ]


def find_left(world: World) -> dict[str, int]:
    report = world.verify()
    assert {check.name: check.examples for check in report.checks if check.differences} == {}
    return {name.removesuffix(LEFT): rows for name, rows in report.outside.items() if name.endswith(LEFT)}


def test_one_place_in_two_topics_was_acknowledged_once_in_each(world: World) -> None:
    assert find_left(world) == {}


def test_what_nobody_read_of_the_old_topic_neither_waits_nor_differs(world: World) -> None:
    """Whether or not the new topic has a record at its place."""
    acknowledge(world, 2, 0, T0, OLD)
    acknowledge(world, 2, 1, T0, OLD)
    assert find_left(world) == {"acknowledged_not_in_bronze": 2}


@pytest.mark.parametrize(("partition", "offset", "value"), [(0, 3, OLD), (2, 0, NEW)])
def test_what_only_bronze_read_of_the_old_topic_does_not_wait(
    world: World, partition: int, offset: int, value: bytes
) -> None:
    """Also where the new topic has the same bytes at the same place."""
    note, rows = world.tables["bronze/records"][2]
    note["to"] = {**ENDS, "posts": {**ENDS["posts"], str(partition): offset + 1}}
    rows.append(make_record(1, partition, offset, T0, value))
    acknowledge(world, partition, offset, T0, value)
    assert find_left(world) == {"in_bronze_not_in_silver": 1}


def test_a_record_that_bronze_lost_of_the_old_topic_is_found(world: World) -> None:
    acknowledge(world, 0, 1, T0, OLD)
    assert world.failing() == {"acknowledged_in_bronze"}


def test_a_record_that_bronze_lost_of_the_new_topic_is_found(world: World) -> None:
    acknowledge(world, 2, 0, REBORN, OLD)
    assert world.failing() == {"acknowledged_in_bronze"}


def test_the_newest_topic_is_still_waited_for(world: World) -> None:
    acknowledge(world, 2, 1, REBORN, NEW)
    assert world.failing() == {"drained"}
