"""Recounts without a fault: complete, with layers behind, without a journal; and where nothing can be compared."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.verification.lakehouse import SampleLakehouse
from tests.support.verification.records import FIRST, SECOND, T0, to_us
from warehouse.verification import PostgresReader, VerificationError


def test_a_complete_lakehouse_is_exact(lakehouse: SampleLakehouse) -> None:
    report = lakehouse.verify()
    assert {check.name: check.examples for check in report.checks if check.differences} == {}
    rows = {check.name: check.rows for check in report.checks}
    assert len(rows) == 35
    assert all(rows.values()), rows
    assert report.not_compared["unacknowledged"] == 1
    assert report.not_compared["foreign"] == 0


def test_without_a_journal_bronze_is_recounted(lakehouse: SampleLakehouse) -> None:
    lakehouse.journal.clear()
    report = lakehouse.verify()
    assert report.is_exact
    assert not [check for check in report.checks if check.name.startswith(("journal", "acknowledged"))]
    assert report.not_compared["foreign"] == 12


def test_json_has_the_result_and_each_check(lakehouse: SampleLakehouse) -> None:
    lakehouse.postgres["pg_hashtag_minute"].pop()
    answer = json.loads(json.dumps(lakehouse.verify().to_json()))
    assert answer["exact"] is False
    assert {"name": "hashtag_minutes", "rows": 4, "differences": 1} in answer["checks"]
    assert answer["cut"]["silver"] == {"posts": 2, "readings": 2, "machine_events": 2}


def test_examples_contain_no_text(lakehouse: SampleLakehouse) -> None:
    for row in lakehouse.rows("silver/posts"):
        row["text"] = "a secret"
    (check,) = [check for check in lakehouse.verify().checks if check.name == "silver_posts"]
    assert check.differences == 3
    assert check.columns == ("generation", "partition", "offset", "difference")
    assert (1, 0, 0, "text") in check.examples


def test_postgres_one_batch_behind_is_exact(lakehouse: SampleLakehouse) -> None:
    postgres = lakehouse.postgres
    del postgres["pg_ledger"][1::2]
    postgres["pg_row_counts"] = [
        {"query": q, "outcome": o, "rows": 1}
        for q, o in (
            ("posts", "silver"),
            ("posts", "quarantine:malformed"),
            ("posts", "duplicate"),
            ("readings", "silver"),
            ("readings", "quarantine:impossible_value"),
        )
    ]
    postgres["pg_hashtag_minute"] = [row for row in postgres["pg_hashtag_minute"] if row["minute_us"] == to_us(T0)]
    del postgres["pg_hashtag_pair_hour"][1:], postgres["pg_author_day"][1:], postgres["pg_machine_event"][:]
    postgres["pg_author_day"][0].update(posts=1)
    for row in postgres["pg_machine_minute"]:
        value = 30000 if row["sensor"] == "parts_count" else 25000
        row.update(readings=1, total=value, total_squares=value * value, lowest=value, highest=value)
    report = lakehouse.verify()
    assert {check.name: check.examples for check in report.checks if check.differences} == {}
    assert report.not_compared["in_bronze_not_in_silver_yet"] == 7


def test_fact_tables_are_not_compared_before_the_first_ledger_row(lakehouse: SampleLakehouse) -> None:
    for rows in lakehouse.postgres.values():
        rows.clear()
    report = lakehouse.verify()
    assert report.is_exact
    assert not [check for check in report.checks if check.name == "hashtag_minutes"]


def test_fact_rows_without_a_ledger_row_are_a_difference(lakehouse: SampleLakehouse) -> None:
    lakehouse.postgres["pg_ledger"].clear()
    lakehouse.postgres["pg_hashtag_minute"][0].update(posts=5)
    assert "hashtag_minutes" in lakehouse.find_failing_checks()


def test_gold_one_batch_behind_is_exact(lakehouse: SampleLakehouse) -> None:
    metadata, rows = lakehouse.tables["gold/hashtag_minutes"][1]
    metadata["silver_version"] = 1
    rows[:] = [row for row in rows if row["minute"] == T0]
    assert lakehouse.verify().is_exact


def test_bronze_behind_silver_is_reported_but_no_difference(lakehouse: SampleLakehouse) -> None:
    lakehouse.tables["bronze/records"].pop()
    report = lakehouse.verify()
    assert report.is_exact
    assert report.not_compared["in_silver_not_in_bronze_yet"] == 7
    assert report.not_compared["acknowledged_not_in_bronze_yet"] == 7


def test_recount_waits_for_bronze(lakehouse: SampleLakehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    second = lakehouse.tables["bronze/records"].pop()
    lakehouse.wait_seconds = 60
    missing = [second]  # committed at the first sleep only: other threads sleep too
    monkeypatch.setattr("time.sleep", lambda _seconds: missing and lakehouse.commit("bronze/records", *missing.pop()))
    report = lakehouse.verify()
    assert report.is_exact
    assert report.not_compared["in_silver_not_in_bronze_yet"] == 0


def test_a_deleted_version_is_an_error(lakehouse: SampleLakehouse) -> None:
    lakehouse.tables["gold/author_days"][1][0].update(silver_version=7)
    with pytest.raises(VerificationError, match="version 7 of silver/posts can no longer be read"):
        lakehouse.verify()


def test_records_processed_under_older_rules_are_not_judged(lakehouse: SampleLakehouse) -> None:
    lakehouse.rows("quarantine/posts")[0]["rule"] = "wrong_type"
    for row in lakehouse.postgres["pg_row_counts"]:
        if row["outcome"] == "quarantine:malformed":
            row["rows"] = 1
    lakehouse.postgres["pg_row_counts"].append({"query": "posts", "outcome": "quarantine:wrong_type", "rows": 1})
    lakehouse.tables["silver/posts"][1][0].update(rules="older")
    report = lakehouse.verify()
    assert report.is_exact
    assert report.not_compared["judged_by_older_rules"] == 3


def test_waiting_records_are_a_difference_after_a_drain(lakehouse: SampleLakehouse) -> None:
    lakehouse.tables["bronze/records"].pop()
    lakehouse.drained = True
    assert "drained" in lakehouse.find_failing_checks()


def test_drained_and_complete_is_exact(lakehouse: SampleLakehouse) -> None:
    lakehouse.drained = True
    assert lakehouse.verify().is_exact


def test_a_duplicate_beyond_the_horizon_may_be_a_new_row(lakehouse: SampleLakehouse) -> None:
    later = SECOND + timedelta(seconds=900)
    (post,) = [row for row in lakehouse.rows("silver/posts") if row["post_id"] == "a"]
    again = {**post, "partition": 1, "offset": 0, "ingested_at": later}
    lakehouse.tables["silver/posts"][2][1].append(again)
    assert "identity_once_within_horizon" not in lakehouse.find_failing_checks()


def test_a_missing_record_is_lost_although_a_later_row_has_its_identity(lakehouse: SampleLakehouse) -> None:
    post = lakehouse.remove("silver/posts", post_id="a")
    lakehouse.tables["silver/posts"][2][1].append({**post, "partition": 1, "offset": 0, "ingested_at": SECOND})
    assert "duplicates_have_twins" in lakehouse.find_failing_checks()


def test_duplicates_are_recognized_although_the_clock_was_set_back(lakehouse: SampleLakehouse) -> None:
    """The clock was a minute ahead in the first batch of readings; the last record is a duplicate of one in it."""
    (first, (kept,)), (second, (other,)) = lakehouse.tables["silver/readings"][-2:]
    first["batch_at"], second["batch_at"] = second["batch_at"], first["batch_at"]
    kept["ingested_at"], other["ingested_at"] = SECOND, FIRST
    assert lakehouse.verify().is_exact


def test_one_incomplete_journal_line_is_allowed(lakehouse: SampleLakehouse) -> None:
    lakehouse.journal_end = '\n{"e":"inte'
    report = lakehouse.verify()
    assert report.is_exact
    assert report.not_compared["torn_journal_lines"] == 1


def test_two_incomplete_journal_lines_are_a_difference(lakehouse: SampleLakehouse) -> None:
    lakehouse.journal_end = '\n{"e":"inte\n{"e":"ac'
    assert "journal_readable" in lakehouse.find_failing_checks()


def test_no_lake_is_an_error(lakehouse: SampleLakehouse) -> None:
    lakehouse.tables.clear()
    with pytest.raises(VerificationError, match="no lake"):
        lakehouse.verify()


@pytest.mark.parametrize(("key", "sentence"), [(None, "cannot be read"), ("not hex", "not hex text")])
def test_no_readable_key_is_an_error(lakehouse: SampleLakehouse, key: str | None, sentence: str) -> None:
    lakehouse.key = key
    with pytest.raises(VerificationError, match=sentence):
        lakehouse.verify()


def test_no_database_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="does not answer"):
        PostgresReader("postgresql://nobody@127.0.0.1:9/none").read(tmp_path)
