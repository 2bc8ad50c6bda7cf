"""Charts of the report about data quality and freshness, from hand-written rows."""

from tests.support.report_rows import WINDOW, hour, make_rows
from warehouse.reports import rows
from warehouse.reports.freshness import latency_chart
from warehouse.reports.quality import coverage_list, problems_chart

DAY = make_rows()


def test_shares_of_outcomes_count_late_records_once() -> None:
    found = problems_chart(DAY.outcomes, WINDOW)

    shares = {row[1]: row[3] for row in found.table.rows}
    assert shares == {"stored": 96.0, "late (stored, too)": 5.0, "duplicate": 1.0, "quarantined: unreadable": 3.0}
    assert found.notice.startswith("6 of 200 records were quarantined (3.0 %), most of them for “unreadable”")


def test_replayed_records_are_not_counted_twice_and_kinds_that_are_not_drawn_are_mentioned() -> None:
    more = [rows.Outcome("posts", hour(1), f"quarantine:rule_{n}", 0) for n in range(9)]
    found = problems_chart([*DAY.outcomes, rows.Outcome("posts", hour(1), "replayed", 4), *more], WINDOW)

    assert found.notice.startswith("6 of 200 records")
    assert ("Posts", "replayed from quarantine", 4, 2.0) in found.table.rows
    assert "Drawn are 8 of 12 kinds; the table has all." in found.notes


def test_latency_is_interrupted_where_no_batch_came_and_names_the_slowest() -> None:
    found = latency_chart(DAY.latency, DAY.freshness, WINDOW)

    assert found.figure["data"][0]["y"][:6] == [None, 3.5, None, None, 40.0, None]
    assert "slowest were posts in the hour from 7 Mar 16:00 UTC with 40.0 s" in found.notice
    assert found.figure["layout"]["shapes"][0]["x1"] == "2026-03-07T13:00:00"


def test_a_latency_of_hours_beside_seconds_is_drawn_on_a_logarithmic_scale() -> None:
    slow = [*DAY.latency, rows.Latency("readings", hour(2), 1, 9000.0, 9000.0, 9000.0)]
    assert latency_chart(slow, (), WINDOW).figure["layout"]["yaxis"]["type"] == "log"
    assert "type" not in latency_chart(DAY.latency, (), WINDOW).figure["layout"]["yaxis"]


def test_pauses_and_new_fields_are_listed() -> None:
    found = coverage_list(DAY.data_gaps, DAY.new_fields)
    assert [row[0] for row in found.table.rows] == ["Posts", "Readings"]
    assert [row[3] for row in found.table.rows] == [120, 30]
    assert "humidity" in found.notes[0]
