"""A topic that was deleted and created again: its offsets begin at 0 once more, and the journal has no generations."""

import hashlib
import json
from datetime import datetime, timedelta

import pytest

from tests.support.verification.lakehouse import Row, SampleLakehouse
from tests.support.verification.records import ENDS, T0, to_us

RECREATED_AT = T0 + timedelta(minutes=10)
OLD, NEW = b"{the old topic's", b"{the new topic's"
GONE_SUFFIX = "_and_gone_with_its_topic"


@pytest.fixture
def lakehouse(lakehouse: SampleLakehouse) -> SampleLakehouse:
    """`posts` was created again, with a record on two partitions that every layer has read; the stream is drained."""
    lakehouse.drained = True
    stop = {"0": 1, "2": 1}
    bronze = {"query": "bronze", "from": ENDS, "to": {**ENDS, "posts": stop}, "generation": {"posts": 2}}
    rows = [make_record(2, partition, 0, RECREATED_AT, NEW) for partition in (0, 2)]
    add_commit(lakehouse, "bronze/records", bronze, rows)
    add_commit(lakehouse, "silver/posts", {"query": "posts", "to": stop, "generation": 2, "counts": {"silver": 0}}, [])
    add_commit(lakehouse, "quarantine/posts", {}, [reject(row) for row in rows])
    lakehouse.postgres["pg_ledger"].append(
        {
            "query": "posts",
            "lineage": 1,
            "silver_version": 3,
            "from_offsets": "{}",
            "to_offsets": json.dumps(stop),
            "rows": 0,
        }
    )
    for counted in lakehouse.postgres["pg_row_counts"]:
        counted["rows"] += 2 * ((counted["query"], counted["outcome"]) == ("posts", "quarantine:malformed"))
    acknowledge(lakehouse, 0, 0, RECREATED_AT, NEW)
    acknowledge(lakehouse, 2, 0, RECREATED_AT, NEW)
    return lakehouse


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


def add_commit(lakehouse: SampleLakehouse, table: str, metadata: Row, rows: list[Row]) -> None:
    common = {"lineage": 1, "from": {}, "rules": "r", "batch_at": RECREATED_AT.isoformat()}
    lakehouse.tables[table].append(({**common, **metadata} if metadata else {}, rows))


def acknowledge(lakehouse: SampleLakehouse, partition: int, offset: int, at: datetime, value: bytes) -> None:
    n = len(lakehouse.journal) + 100
    lakehouse.journal += [
        {
            "e": "intent",
            "n": n,
            "topic": "posts",
            "id": "",
            "sha256": hashlib.sha256(value).hexdigest(),
            "verdict": "malformed",
        },
        {"e": "ack", "n": n, "partition": partition, "offset": offset, "kafka_ms": to_us(at) // 1000},
    ]


def count_gone(lakehouse: SampleLakehouse) -> dict[str, int]:
    report = lakehouse.verify()
    assert {check.name: check.examples for check in report.checks if check.differences} == {}
    return {
        name.removesuffix(GONE_SUFFIX): rows for name, rows in report.not_compared.items() if name.endswith(GONE_SUFFIX)
    }


def test_an_offset_may_be_acknowledged_once_in_each_generation(lakehouse: SampleLakehouse) -> None:
    assert count_gone(lakehouse) == {}


def test_unread_records_of_the_old_topic_neither_wait_nor_differ(lakehouse: SampleLakehouse) -> None:
    """Whether or not the new topic has a record at the same offset."""
    acknowledge(lakehouse, 2, 0, T0, OLD)
    acknowledge(lakehouse, 2, 1, T0, OLD)
    assert count_gone(lakehouse) == {"acknowledged_not_in_bronze": 2}


@pytest.mark.parametrize(("partition", "offset", "value"), [(0, 3, OLD), (2, 0, NEW)])
def test_records_of_the_old_topic_that_only_bronze_has_do_not_wait(
    lakehouse: SampleLakehouse, partition: int, offset: int, value: bytes
) -> None:
    """Also where the new topic has the same bytes at the same offset."""
    metadata, rows = lakehouse.tables["bronze/records"][2]
    metadata["to"] = {**ENDS, "posts": {**ENDS["posts"], str(partition): offset + 1}}
    rows.append(make_record(1, partition, offset, T0, value))
    acknowledge(lakehouse, partition, offset, T0, value)
    assert count_gone(lakehouse) == {"in_bronze_not_in_silver": 1}


def test_a_record_of_the_old_topic_that_bronze_lost_is_found(lakehouse: SampleLakehouse) -> None:
    acknowledge(lakehouse, 0, 1, T0, OLD)
    assert lakehouse.find_failing_checks() == {"acknowledged_in_bronze"}


def test_a_record_of_the_new_topic_that_bronze_lost_is_found(lakehouse: SampleLakehouse) -> None:
    acknowledge(lakehouse, 2, 0, RECREATED_AT, OLD)
    assert lakehouse.find_failing_checks() == {"acknowledged_in_bronze"}


def test_unread_records_of_the_new_topic_wait(lakehouse: SampleLakehouse) -> None:
    acknowledge(lakehouse, 2, 1, RECREATED_AT, NEW)
    assert lakehouse.find_failing_checks() == {"drained"}
