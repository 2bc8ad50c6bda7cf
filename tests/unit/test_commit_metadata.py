"""What a commit carries: every form that was ever written still reads, and the form that is written stays the same."""

import json
from dataclasses import replace

import pytest

from warehouse.lake.commit_metadata import CommitMetadata, Writer

AT = "2026-11-28T10:42:52.242000Z"
STREAM = CommitMetadata(
    query="posts",
    lineage=1,
    generations={"posts": 1},
    start={"posts": {"0": 5, "1": 7}},
    end={"posts": {"0": 8, "1": 9}},
    batch_at=AT,
    rules="566188fec72a864c",
    newest_event_at="2026-11-28T10:42:51.433000Z",
    counts={"silver": 4, "late": 1, "duplicate": 0},
    totals={"silver": 40, "late": 1, "duplicate": 3},
)
BATCH = {
    "query": "posts",
    "lineage": 1,
    "generation": 1,
    "from": {"0": 5, "1": 7},
    "to": {"0": 8, "1": 9},
    "batch_at": AT,
    "rules": "566188fec72a864c",
    "newest_event_at": "2026-11-28T10:42:51.433000Z",
    "counts": {"silver": 4, "late": 1, "duplicate": 0},
    "totals": {"silver": 40, "late": 1, "duplicate": 3},
}
BRONZE = {
    "query": "bronze",
    "lineage": 3,
    "generation": {"posts": 2, "readings": 1},
    "from": {"posts": {"0": 1}, "readings": {"0": 2}},
    "to": {"posts": {"0": 4}, "readings": {"0": 2}},
    "batch_at": AT,
}
CARRIED = replace(STREAM, start=STREAM.end, counts={}, newest_event_at=None)
STORED = {  # kind of commit -> as stored, as read
    "batch of silver": (BATCH, STREAM),
    "batch before totals were kept": ({k: v for k, v in BATCH.items() if k != "totals"}, replace(STREAM, totals=None)),
    "batch of bronze": (
        BRONZE,
        CommitMetadata(
            "bronze",
            3,
            generations={"posts": 2, "readings": 1},
            start={"posts": {"0": 1}, "readings": {"0": 2}},
            end={"posts": {"0": 4}, "readings": {"0": 2}},
            batch_at=AT,
        ),
    ),
    "bronze of a single topic": (
        {**BRONZE, "generation": {"posts": 2}, "from": {"0": 1}, "to": {"0": 4}},
        CommitMetadata(
            "bronze", 3, generations={"posts": 2}, start={"posts": {"0": 1}}, end={"posts": {"0": 4}}, batch_at=AT
        ),
    ),
    "gold": (
        {"query": "gold_posts", "lineage": 2, "silver_version": 0},
        CommitMetadata("gold_posts", 2, start={"gold_posts": {}}, end={"gold_posts": {}}, silver_version=0),
    ),
    "maintenance": ({**BATCH, "by": "maintain", "rows_of": 0}, STREAM.carried(Writer.MAINTENANCE, rows_of=0)),
    "backfill": (
        {k: v for k, v in BATCH.items() if k != "counts"} | {"by": "backfill"},
        STREAM.carried(Writer.BACKFILL, counts={}),
    ),
    "purge": ({**BATCH, "by": "purge"}, STREAM.carried(Writer.PURGE)),
    "repair": ({**BATCH, "by": "repair"}, STREAM.carried(Writer.REPAIR)),
    "start of a lineage": ({**BATCH, "by": "lineage"}, STREAM.carried(Writer.STARTUP)),
    "replay into silver": (
        {k: v for k, v in BATCH.items() if k != "newest_event_at"}
        | {"by": "replay", "from": BATCH["to"], "counts": {"replayed": 2}, "deletions_since": AT},
        CARRIED.carried(Writer.REPLAY, counts={"replayed": 2}, deletions_since=AT),
    ),
    "replay's mark in quarantine": (
        {k: v for k, v in BATCH.items() if k not in ("newest_event_at", "counts")}
        | {"by": "replay", "from": BATCH["to"], "replayed_at": AT, "silver_version": 7},
        CARRIED.carried(Writer.REPLAY, replayed_at=AT, silver_version=7),
    ),
}


@pytest.mark.parametrize("kind", STORED)
def test_every_kind_of_commit_reads_and_is_written_as_before(kind: str) -> None:
    stored, read = STORED[kind]
    assert CommitMetadata.parse(json.dumps(stored)) == read
    assert json.loads(read.to_json()) == stored


def test_keys_without_a_value_read_as_absent() -> None:
    """Earlier versions wrote nulls and empty counts."""
    stored = {**BATCH, "by": "replay", "newest_event_at": None, "deletions_since": None, "counts": {}}
    assert CommitMetadata.parse(json.dumps(stored)) == replace(
        STREAM, by=Writer.REPLAY, newest_event_at=None, counts={}
    )


@pytest.mark.parametrize("text", [None, "", "not json", "[1]", '{"by": "maintain"}', '{"app": "another program"}'])
def test_commits_of_other_programs_carry_nothing(text: str | None) -> None:
    assert CommitMetadata.parse(text) == CommitMetadata()


def test_totals_add_up_and_stay_unknown_after_a_commit_without_them() -> None:
    first = replace(STREAM, totals=None).with_totals(None)
    assert first.totals == STREAM.counts
    assert replace(STREAM, counts={"silver": 2, "deletion": 1}).with_totals(first).totals == {
        "silver": 6,
        "late": 1,
        "duplicate": 0,
        "deletion": 1,
    }
    assert replace(STREAM, totals=None).with_totals(replace(STREAM, totals=None)).totals is None
    assert CARRIED.with_totals(first) == CARRIED
