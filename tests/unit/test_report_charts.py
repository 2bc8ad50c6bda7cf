"""Charts of the report, from hand-written rows: gaps, sentences, reasons, orders, and nothing without its sentence."""

from datetime import UTC, datetime, timedelta

import plotly.graph_objects as go
import pytest

from tests.support.report_rows import END, KNOWN, MARKUP, START, WINDOW, hour, make_movement, make_rows
from warehouse.reports import rows
from warehouse.reports.activity import uses_chart
from warehouse.reports.attention import attention_list, find_reasons
from warehouse.reports.charts import Chart, name_axis, newest_first, without_data, wrapped
from warehouse.reports.hashtags import lines_chart, rising_chart, top_chart
from warehouse.reports.machines import failures_chart, gaps_chart
from warehouse.reports.report import build_report, describe_age
from warehouse.reports.segments import movements_chart, sizes_chart
from warehouse.reports.utilisation import utilisation_chart

EMPTY = rows.ReportRows(WINDOW, WINDOW, make_rows().comparison)
DAY = make_rows()


def chart(name: str, of: rows.ReportRows = DAY) -> Chart:
    return next(chart for chart in build_report(of, KNOWN).charts if chart.name == name)


@pytest.mark.parametrize("name", [chart.name for chart in build_report(DAY, KNOWN).charts])
def test_plotly_accepts_each_figure_and_each_chart_has_table_and_sentence(name: str) -> None:
    found = chart(name)

    assert found.figure is None or go.Figure(found.figure).layout.height == found.figure["layout"]["height"]
    assert found.table is not None
    assert found.table.rows
    assert found.notice.endswith(".")
    assert all(len(row) == len(found.table.columns) for row in found.table.rows)


def test_there_are_at_least_eight_charts_with_names_of_their_own() -> None:
    charts = build_report(DAY, KNOWN).charts
    assert sum(chart.figure is not None for chart in charts) >= 8
    assert len({chart.name for chart in charts}) == len(charts)


def test_a_section_without_data_says_so_instead_of_disappearing() -> None:
    full, empty = build_report(DAY, KNOWN), build_report(EMPTY, KNOWN)

    assert [chart.name for chart in empty.charts] == [chart.name for chart in full.charts]
    for found in empty.charts:
        assert found.figure is None
        assert found.notice.endswith(".")


def test_an_hour_without_posts_is_a_gap_and_not_zero() -> None:
    found = uses_chart(DAY.hashtag_bins, DAY.data_gaps, WINDOW)

    assert found.figure["data"][0]["y"][4:8] == [14, None, None, 17]
    (area,) = found.figure["layout"]["shapes"]
    assert (area["x0"], area["x1"]) == ("2026-03-07T17:00:00", "2026-03-07T19:00:00")
    assert "No posts between 7 Mar 17:00 and 7 Mar 19:00 UTC (grey)." in found.notes
    assert (hour(5), None, None) in found.table.rows


def test_a_line_of_a_hashtag_is_zero_in_an_hour_without_it_and_interrupted_in_a_gap() -> None:
    lines = [line for line in DAY.hashtag_lines if line.starts_at != hour(8)]
    others = [rows.HashtagLine("sun", hour(8), 1)]
    totals = [rows.HashtagTotal("rain", 9, 9, 9), rows.HashtagTotal("sun", 1, 1, 1)]

    rain = lines_chart(totals, [*lines, *others], DAY.data_gaps, WINDOW).figure["data"][0]

    assert rain["y"][4:9] == [9, None, None, 12, 0]
    assert rain["connectgaps"] is False


def test_a_table_of_bins_leaves_out_what_is_before_the_first_and_after_the_last_value() -> None:
    bins = [hour(n) for n in range(5)]
    assert newest_first(bins, [[None, 1, None, 2, None]]) == [(hour(3), 2), (hour(2), None), (hour(1), 1)]
    assert newest_first(bins, [[None] * 5]) == []


def test_times_are_drawn_as_utc_whatever_the_readers_time_zone() -> None:
    """Plotly converts a time with an offset to the time zone of the browser."""
    x = uses_chart(DAY.hashtag_bins, (), WINDOW).figure["data"][0]["x"]
    assert x[0] == "2026-03-07T12:00:00"


def test_equal_names_are_separate_rows_of_an_axis() -> None:
    axis = name_axis(["same", "same"])
    assert axis["tickvals"] == [0, 1]
    assert len(axis["ticktext"]) == 2


def test_names_on_an_axis_are_wrapped_and_hold_no_markup() -> None:
    lines = wrapped("<b>Writes</b> daily and mostly about football in the evening hours of the week").split("<br>")
    assert len(lines) == 3
    assert lines[-1].endswith("…\u2069")
    assert "<" not in "".join(lines)
    assert wrapped("x" * 1000).count("x") <= 60


def test_rising_hashtags_are_ranked_by_growth_and_falling_ones_are_not_drawn() -> None:
    found = rising_chart(DAY.hashtag_totals, DAY.comparison)

    assert [row[0] for row in found.table.rows] == ["#=1+1", "#rain", "#<script>alert(1)</script>"]
    assert found.table.rows[0][3] == "new"
    assert found.figure["data"][0]["x"] == [50, 300]
    assert found.notice == "#=1+1 rose most: 50 posts after none before; 2 hashtags rose in all."


def test_a_trend_without_earlier_data_says_so() -> None:
    found = rising_chart([rows.HashtagTotal("rain", 300, 300, 0)], DAY.comparison)
    assert found.notice == "There is no earlier data to compare with."


def test_the_top_hashtag_is_named_with_its_share() -> None:
    assert top_chart(DAY.hashtag_totals).notice == "#rain leads with 300 posts, 55 % of all uses of 3 hashtags."


def test_reasons_are_in_words_and_the_most_urgent_machine_is_first() -> None:
    reasons = find_reasons(DAY)

    assert [text for _, text in sorted(reasons["m-1"])][1:] == [
        "vibration above its limit of 4.50 mm/s in 12 minutes, up to 5.40 mm/s, last on 7 Mar 16:00",
        "1 failure, repaired after 2 h",
    ]
    assert sorted(reasons["m-1"])[0][1].startswith("failed on 7 Mar 22:00 and is not repaired (")
    assert [text for _, text in reasons["m-2"]] == ["no data since 8 Mar 08:00"]
    found = attention_list(DAY)
    assert [row[0] for row in found.table.rows] == ["m-1", "m-2"]
    assert found.notes[-1] == "Described, but never sent a reading: m-3."


def test_a_pause_of_all_machines_is_no_reason_to_look_at_one() -> None:
    calm = make_rows(failures=(), anomalies=(), machine_gaps=DAY.machine_gaps[:1])
    assert find_reasons(calm) == {}
    assert attention_list(calm).notice == "None of 2 machines needs a look."


def test_machines_that_all_stopped_are_not_called_well() -> None:
    """Gaps of a machine end with the newest minute of all machines: when all stop there is none."""
    before = rows.Machine("m-1", "lathe", "turning", "plant", START - timedelta(days=3), START - timedelta(days=1))
    silence = (rows.DataGap("readings", START, END),)
    stopped = make_rows(machines=(before,), machine_gaps=(), anomalies=(), failures=(), data_gaps=silence)

    for name in ("attention", "gaps", "anomalies"):
        assert chart(name, stopped).notice == "No machine sent a reading in the window."
    assert chart("attention", stopped).notes == ("There are no readings in the whole window.",)


def test_stretches_without_data_are_merged_and_end_with_the_window() -> None:
    present = {hour(n) for n in range(24) if n not in (3, 4, 23)}
    assert without_data(WINDOW, present) == [(hour(3), hour(5)), (hour(23), END)]


def test_gaps_name_who_is_still_silent_and_who_is_new() -> None:
    found = gaps_chart(DAY.machine_gaps, DAY.data_gaps, DAY.machines, WINDOW)

    assert found.notice.endswith("longest m-2 with 4 h; m-2 was still silent when the window ended.")
    assert any("m-2 (7 Mar 14:00)" in note for note in found.notes)
    assert found.table.rows[0] == ("m-2", hour(20), None, 240)


def test_a_failure_without_repair_lasts_to_the_end_of_the_window() -> None:
    found = failures_chart(DAY.failures, WINDOW)

    assert found.figure["data"][1]["x"] == ["2026-03-07T22:00:00", "2026-03-08T12:00:00", None]
    assert found.notice == "2 failures of 1 machine; a repair took 2 h on average; m-1 not repaired yet."


def test_a_shift_without_readings_is_no_data_and_not_zero() -> None:
    found = utilisation_chart(DAY.utilisation, DAY.shifts)

    assert found.figure["data"][0]["z"] == [[0.5], [None]]
    assert found.figure["data"][0]["text"] == [["50 %"], ["no data"]]
    assert found.table.rows[0][:2] == ("m-2", "early")
    assert found.table.rows[0][6] is None
    assert any("3 h of the planned time have no readings" in note for note in found.notes)


def test_segments_are_counted_from_the_movements() -> None:
    found = sizes_chart(DAY.movements, WINDOW)

    assert [row[1:] for row in found.table.rows] == [(80, 95, 0, 15), (19, 5, 19, 5)]
    assert found.notice.endswith("with 80 of 99 authors; 1 fewer than before have a segment.")
    assert movements_chart(DAY.movements, WINDOW).notice.startswith("15 authors of 95 changed segment (16 %)")


def test_a_first_assignment_has_sizes_but_no_movement() -> None:
    first = [rows.Movement(END.date(), None, None, None, 1, "Often", 9)]

    assert sizes_chart(first, WINDOW).table.rows == (("Often", 9, None, None, None),)
    assert movements_chart(first, WINDOW).notice == "There is no earlier assignment to compare with."


def test_the_age_is_that_of_the_newest_event_when_it_was_committed() -> None:
    assert describe_age(DAY.freshness).endswith("2026-03-08 11:59:40 UTC) was 20.0 s old when its batch was committed.")
    assert describe_age(()) == "The age of the data is not known: batches of this window are summed up."


def test_parts_of_the_window_without_any_data_are_warned_about() -> None:
    known = rows.DataRange(START + timedelta(hours=2), END - timedelta(hours=3))
    assert build_report(DAY, known).warnings == (
        "The data begins at 2026-03-07 14:00 UTC: the first 2 h of the window are empty.",
        "The data ends at 2026-03-08 09:00 UTC: the last 3 h of the window are empty.",
    )
    assert build_report(DAY, KNOWN).warnings == ()


def test_a_window_is_empty_without_posts_readings_failures_and_records() -> None:
    assert EMPTY.is_empty
    assert not DAY.is_empty
    old = rows.Machine("m-1", None, None, None, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
    assert rows.ReportRows(WINDOW, WINDOW, DAY.comparison, machines=(old,)).is_empty


def test_movement_to_no_segment_is_listed() -> None:
    table = movements_chart([*DAY.movements, make_movement((3, "x"), (1, "Often"), 2)], WINDOW).table
    assert (MARKUP, "in no segment", 5) in table.rows
