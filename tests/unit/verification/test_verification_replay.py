"""The recount of records that were replayed from quarantine, and of those whose bytes were purged there."""

import json

import pytest

from tests.support.verification.lakehouse import Row, SampleLakehouse
from tests.support.verification.records import ENDS, FIRST, SECOND

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
"""Metadata of silver's third commit. The row is in an earlier commit here; the recount does not check which one."""


def add_replay_of_post_a(lakehouse: SampleLakehouse, **values: object) -> None:
    """Post `a` was quarantined at first and then replayed into silver: quarantine, ledger and row counts say so."""
    post = next(row for row in lakehouse.rows("silver/posts") if row["post_id"] == "a")
    bronze = next(row for row in lakehouse.rows("bronze/records") if row["topic"] == "posts" and row["offset"] == 0)
    coordinates = {name: post[name] for name in ("partition", "offset", "kafka_at")}
    row = {**lakehouse.rows("quarantine/posts")[0], **coordinates, "value": bronze["value"], **values}
    lakehouse.tables["quarantine/posts"][1][1].append(row)
    lakehouse.tables["silver/posts"].append((REPLAY, []))
    offsets = json.dumps(ENDS["posts"])
    lakehouse.postgres["pg_ledger"].append(
        {"query": "posts", "lineage": 1, "silver_version": 3, "from_offsets": offsets, "to_offsets": offsets, "rows": 0}
    )
    set_counts(lakehouse, {"silver": 2, "quarantine:malformed": 3})
    lakehouse.postgres["pg_row_counts"].append({"query": "posts", "outcome": "replayed", "rows": 1})


def set_counts(lakehouse: SampleLakehouse, rows: dict[str, int]) -> None:
    for row in lakehouse.postgres["pg_row_counts"]:
        if row["query"] == "posts" and row["outcome"] in rows:
            row["rows"] = rows[row["outcome"]]


def mark_replayed(lakehouse: SampleLakehouse, silver_version: int) -> None:
    metadata: Row = {**REPLAY, "replayed_at": SECOND.isoformat(), "silver_version": silver_version}
    lakehouse.tables["quarantine/posts"].append((metadata, []))


def test_a_replayed_record_is_no_longer_in_quarantine(lakehouse: SampleLakehouse) -> None:
    add_replay_of_post_a(lakehouse, replayed_at=SECOND)
    mark_replayed(lakehouse, silver_version=3)
    lakehouse.drained = True
    report = lakehouse.verify()
    assert {check.name: check.examples for check in report.checks if check.differences} == {}
    assert report.not_compared["replayed_not_marked_yet"] == 0


@pytest.mark.parametrize("drained", [False, True])
def test_an_unmarked_replay_is_reported_and_a_difference_only_after_a_drain(
    lakehouse: SampleLakehouse, drained: bool
) -> None:
    add_replay_of_post_a(lakehouse)
    lakehouse.drained = drained
    report = lakehouse.verify()
    assert {check.name for check in report.checks if check.differences} == ({"drained"} if drained else set())
    assert report.not_compared["replayed_not_marked_yet"] == 1


def test_a_mark_for_a_newer_silver_version_does_not_count_yet(lakehouse: SampleLakehouse) -> None:
    add_replay_of_post_a(lakehouse, replayed_at=SECOND)
    mark_replayed(lakehouse, silver_version=4)
    assert lakehouse.verify().not_compared["replayed_not_marked_yet"] == 1


def test_without_a_replay_a_record_is_in_one_table(lakehouse: SampleLakehouse) -> None:
    add_replay_of_post_a(lakehouse)
    lakehouse.tables["silver/posts"].pop()
    lakehouse.postgres["pg_ledger"].pop()
    assert {"one_place", "verdicts"} & lakehouse.find_failing_checks()


def test_a_replay_that_is_counted_as_silver_too_is_found(lakehouse: SampleLakehouse) -> None:
    add_replay_of_post_a(lakehouse, replayed_at=SECOND)
    mark_replayed(lakehouse, silver_version=3)
    set_counts(lakehouse, {"silver": 3})
    assert lakehouse.find_failing_checks() == {"row_counts"}


@pytest.mark.parametrize(("value", "failing"), [(None, set()), (b"{not json", {"quarantine_bytes"})])
def test_a_purged_row_stays_but_its_bytes_must_be_gone(
    lakehouse: SampleLakehouse, value: bytes | None, failing: set[str]
) -> None:
    lakehouse.rows("quarantine/posts")[0].update(value=value, purged_at=FIRST)
    assert lakehouse.find_failing_checks() == failing


def test_bytes_that_were_not_purged_must_be_there(lakehouse: SampleLakehouse) -> None:
    lakehouse.rows("quarantine/posts")[0].update(value=None)
    assert lakehouse.find_failing_checks() == {"quarantine_bytes"}
