"""The recount where nothing is wrong: whole, in part, at older versions, and what it says when it cannot be made."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.verification.sample import FIRST, SECOND, T0, us
from tests.support.verification.world import World
from warehouse.verification import PostgresFacts, VerificationError


def test_everything_agrees(world: World) -> None:
    report = world.verify()
    assert {check.name: check.examples for check in report.checks if check.differences} == {}
    rows = {check.name: check.rows for check in report.checks}
    assert len(rows) == 32
    assert all(rows.values()), rows
    assert report.outside["unacknowledged"] == 1
    assert report.outside["foreign"] == 0


def test_without_a_journal_the_lake_proves_itself(world: World) -> None:
    world.journal.clear()
    report = world.verify()
    assert report.is_exact
    assert not [check for check in report.checks if check.name.startswith(("journal", "acknowledged"))]
    assert report.outside["foreign"] == 12


def test_the_promised_json(world: World) -> None:
    world.postgres["pg_hashtag_minute"].pop()
    answer = json.loads(json.dumps(world.verify().to_json()))
    assert answer["exact"] is False
    assert {"name": "hashtag_minutes", "rows": 4, "differences": 1} in answer["checks"]
    assert answer["cut"]["silver"] == {"posts": 2, "readings": 2, "machine_events": 2}


def test_examples_are_keys_and_numbers(world: World) -> None:
    for row in world.rows("silver/posts"):
        row["text"] = "a secret"
    (check,) = [check for check in world.verify().checks if check.name == "silver_posts"]
    assert check.differences == 3
    assert check.columns == ("generation", "partition", "offset", "difference")
    assert (1, 0, 0, "text") in check.examples


def test_postgresql_one_batch_behind(world: World) -> None:
    facts = world.postgres
    del facts["pg_ledger"][1::2]
    facts["pg_row_counts"] = [
        {"query": q, "outcome": o, "rows": 1}
        for q, o in (
            ("posts", "silver"),
            ("posts", "quarantine:malformed"),
            ("posts", "duplicate"),
            ("readings", "silver"),
            ("readings", "quarantine:impossible_value"),
        )
    ]
    facts["pg_hashtag_minute"] = [row for row in facts["pg_hashtag_minute"] if row["minute_us"] == us(T0)]
    del facts["pg_hashtag_pair_hour"][1:], facts["pg_author_day"][1:], facts["pg_machine_event"][:]
    facts["pg_author_day"][0].update(posts=1)
    for row in facts["pg_machine_minute"]:
        value = 30000 if row["sensor"] == "parts_count" else 25000
        row.update(readings=1, total=value, total_squares=value * value, lowest=value, highest=value)
    report = world.verify()
    assert {check.name: check.examples for check in report.checks if check.differences} == {}
    assert report.outside["in_bronze_not_in_silver_yet"] == 7


def test_postgresql_has_not_begun(world: World) -> None:
    for rows in world.postgres.values():
        rows.clear()
    report = world.verify()
    assert report.is_exact
    assert not [check for check in report.checks if check.name == "hashtag_minutes"]


def test_facts_without_a_ledger_are_no_beginning(world: World) -> None:
    world.postgres["pg_ledger"].clear()
    world.postgres["pg_hashtag_minute"][0].update(posts=5)
    assert "hashtag_minutes" in world.failing()


def test_gold_one_batch_behind(world: World) -> None:
    note, rows = world.tables["gold/hashtag_minutes"][1]
    note["silver_version"] = 1
    rows[:] = [row for row in rows if row["minute"] == T0]
    assert world.verify().is_exact


def test_bronze_behind_is_told_not_blamed(world: World) -> None:
    world.tables["bronze/records"].pop()
    report = world.verify()
    assert report.is_exact
    assert report.outside["in_silver_not_in_bronze_yet"] == 7
    assert report.outside["acknowledged_not_in_bronze_yet"] == 7


def test_bronze_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    second = world.tables["bronze/records"].pop()
    world.wait_seconds = 60
    missing = [second]  # committed once: other threads of the run sleep too
    monkeypatch.setattr("time.sleep", lambda _seconds: missing and world.commit("bronze/records", *missing.pop()))
    report = world.verify()
    assert report.is_exact
    assert report.outside["in_silver_not_in_bronze_yet"] == 0


def test_a_version_that_was_cleaned_away(world: World) -> None:
    world.tables["gold/author_days"][1][0].update(silver_version=7)
    with pytest.raises(VerificationError, match="version 7 of silver/posts can no longer be read"):
        world.verify()


def test_rules_that_changed_are_not_applied_to_the_past(world: World) -> None:
    world.rows("quarantine/posts")[0]["rule"] = "wrong_type"
    for row in world.postgres["pg_row_counts"]:
        if row["outcome"] == "quarantine:malformed":
            row["rows"] = 1
    world.postgres["pg_row_counts"].append({"query": "posts", "outcome": "quarantine:wrong_type", "rows": 1})
    world.tables["silver/posts"][1][0].update(rules="older")
    report = world.verify()
    assert report.is_exact
    assert report.outside["judged_by_older_rules"] == 3


def test_drained_means_that_nothing_waits(world: World) -> None:
    world.tables["bronze/records"].pop()
    world.drained = True
    assert "drained" in world.failing()


def test_drained_and_complete(world: World) -> None:
    world.drained = True
    assert world.verify().is_exact


def test_a_repeat_beyond_the_horizon_is_a_new_row(world: World) -> None:
    later = SECOND + timedelta(seconds=900)
    (post,) = [row for row in world.rows("silver/posts") if row["post_id"] == "a"]
    again = {**post, "partition": 1, "offset": 0, "ingested_at": later}
    world.tables["silver/posts"][2][1].append(again)
    assert "identity_once_within_horizon" not in world.failing()


def test_a_twin_that_came_later_excuses_nothing(world: World) -> None:
    post = world.remove("silver/posts", post_id="a")
    world.tables["silver/posts"][2][1].append({**post, "partition": 1, "offset": 0, "ingested_at": SECOND})
    assert "duplicates_have_twins" in world.failing()


def test_a_clock_that_went_back_makes_no_twin_younger(world: World) -> None:
    """The first batch of readings, which the last record repeats, was a minute ahead."""
    (first, (kept,)), (second, (other,)) = world.tables["silver/readings"][-2:]
    first["batch_at"], second["batch_at"] = second["batch_at"], first["batch_at"]
    kept["ingested_at"], other["ingested_at"] = SECOND, FIRST
    assert world.verify().is_exact


def test_one_torn_line_is_forgiven(world: World) -> None:
    world.torn = '\n{"e":"inte'
    report = world.verify()
    assert report.is_exact
    assert report.outside["torn_journal_lines"] == 1


def test_two_torn_lines_are_not(world: World) -> None:
    world.torn = '\n{"e":"inte\n{"e":"ac'
    assert "journal_readable" in world.failing()


def test_no_lake(world: World) -> None:
    world.tables.clear()
    with pytest.raises(VerificationError, match="no lake"):
        world.verify()


@pytest.mark.parametrize(("key", "sentence"), [(None, "cannot be read"), ("not hex", "not hex text")])
def test_no_key(world: World, key: str | None, sentence: str) -> None:
    world.key = key
    with pytest.raises(VerificationError, match=sentence):
        world.verify()


def test_no_database(tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="does not answer"):
        PostgresFacts("postgresql://nobody@127.0.0.1:9/none").read(tmp_path)
