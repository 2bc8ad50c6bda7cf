"""Puts the charts of a report into sections, with the key figures and sentences that stand first; and its JSON form."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from warehouse.dashboards.labels import hashtag_label
from warehouse.reports import words
from warehouse.reports.activity import authors_chart, uses_chart
from warehouse.reports.attention import attention_list, find_reasons
from warehouse.reports.charts import Chart
from warehouse.reports.freshness import latency_chart
from warehouse.reports.hashtags import lines_chart, pairs_chart, rising_chart, top_chart
from warehouse.reports.machines import anomalies_chart, failures_chart, gaps_chart
from warehouse.reports.quality import coverage_list, problems_chart, stored_chart
from warehouse.reports.rows import DataRange, Freshness, ReportRows, has_readings
from warehouse.reports.segments import movements_chart, sizes_chart
from warehouse.reports.tables import Table, json_cell
from warehouse.reports.utilisation import utilisation_chart
from warehouse.reports.window import MINUTE, Window

FIRST = ("uses", "top", "rising", "attention", "utilisation", "movements", "problems", "coverage")
"""Charts whose sentences stand first in the report."""


@dataclass(frozen=True)
class Section:
    """Charts about one subject; `intro`: what it answers."""

    name: str
    title: str
    intro: str
    charts: tuple[Chart, ...]


@dataclass(frozen=True)
class Figure:
    """A key figure as text, e.g. `12,345`, and what it counts."""

    value: str
    name: str


@dataclass(frozen=True)
class Report:
    """A whole report. `age`: one sentence on the age of the data; `warnings`: parts of the window without any data."""

    window: Window
    age: str
    warnings: tuple[str, ...]
    figures: tuple[Figure, ...]
    sections: tuple[Section, ...]

    @property
    def charts(self) -> tuple[Chart, ...]:
        """All charts in their order."""
        return tuple(chart for section in self.sections for chart in section.charts)

    @property
    def highlights(self) -> tuple[Chart, ...]:
        """The charts of `FIRST`, in that order."""
        found = {chart.name: chart for chart in self.charts}
        return tuple(found[name] for name in FIRST)


def build_report(rows: ReportRows, known: DataRange) -> Report:
    """The report of these rows; equal rows give an equal report."""
    sections = (_activity(rows), _hashtags(rows), _machines(rows), _utilisation(rows), _segments(rows), _quality(rows))
    return Report(rows.window, describe_age(rows.freshness), _warnings(rows.window, known), _figures(rows), sections)


def describe_age(freshness: Sequence[Freshness]) -> str:
    """The age of the newest event of all topics when its batch was committed."""
    known = [row for row in freshness if row.newest_event_at and row.age_seconds is not None]
    if not known:
        return "The age of the data is not known: batches of this window are summed up."
    newest = max(known, key=lambda row: (str(row.newest_event_at), row.stream))
    event = f"{words.topic(newest.stream).lower()}, {newest.newest_event_at:%Y-%m-%d %H:%M:%S} UTC"
    age = words.seconds(newest.age_seconds or 0)
    return f"The newest event of the window ({event}) was {age} old when its batch was committed."


def to_json(report: Report) -> dict[str, Any]:
    """The report as JSON: window, sentences, and every table with all its rows."""
    return {
        "window": {"from": json_cell(report.window.start), "to": json_cell(report.window.end), "time_zone": "UTC"},
        "data_age": report.age,
        "warnings": list(report.warnings),
        "figures": [{"name": figure.name, "value": figure.value} for figure in report.figures],
        "sections": [
            {
                "name": section.name,
                "title": section.title,
                "charts": [_chart_to_json(chart) for chart in section.charts],
            }
            for section in report.sections
        ],
    }


def _chart_to_json(chart: Chart) -> dict[str, Any]:
    table = chart.table or Table((), ())
    return {
        "name": chart.name,
        "title": chart.title,
        "sentence": chart.notice,
        "notes": list(chart.notes),
        "columns": [column.title for column in table.columns],
        "rows": [[json_cell(cell) for cell in row] for row in table.rows],
    }


def _activity(r: ReportRows) -> Section:
    charts = (uses_chart(r.hashtag_bins, r.data_gaps, r.window), authors_chart(r.author_days, r.window))
    return Section("activity", "What happened", "How much was posted, when, and by how many authors.", charts)


def _hashtags(r: ReportRows) -> Section:
    charts = (
        top_chart(r.hashtag_totals),
        lines_chart(r.hashtag_totals, r.hashtag_lines, r.data_gaps, r.window),
        rising_chart(r.hashtag_totals, r.comparison),
        pairs_chart(r.hashtag_pairs, r.window),
    )
    return Section("hashtags", "Hashtag trends", "What people wrote about, and what is growing.", charts)


def _machines(r: ReportRows) -> Section:
    charts = (
        attention_list(r),
        anomalies_chart(r.anomalies, r.machines, r.window),
        failures_chart(r.failures, r.window),
        gaps_chart(r.machine_gaps, r.data_gaps, r.machines, r.window),
    )
    return Section("machines", "Machines", "Which machines to look at first, and why.", charts)


def _utilisation(r: ReportRows) -> Section:
    charts = (utilisation_chart(r.utilisation, r.shifts),)
    return Section(
        "utilisation", "Utilisation per shift", "How much of its planned time each machine was producing.", charts
    )


def _segments(r: ReportRows) -> Section:
    charts = (sizes_chart(r.movements, r.window), movements_chart(r.movements, r.window))
    return Section("segments", "Segments of authors", "Groups of authors with similar habits, and who moved.", charts)


def _quality(r: ReportRows) -> Section:
    charts = (
        stored_chart(r.outcomes, r.processed),
        problems_chart(r.outcomes, r.processed),
        latency_chart(r.latency, r.freshness, r.window),
        coverage_list(r.data_gaps, r.new_fields),
    )
    return Section("quality", "Data quality and freshness", "Whether the numbers above can be trusted.", charts)


def _figures(rows: ReportRows) -> tuple[Figure, ...]:
    uses, planned = sum(row.uses for row in rows.hashtag_bins), sum(row.minutes_in_shift for row in rows.utilisation)
    producing = sum(row.minutes_producing for row in rows.utilisation)
    first = hashtag_label(rows.hashtag_totals[0].hashtag) if rows.hashtag_totals else "none"
    sent = has_readings(rows.machines, rows.window)
    waiting = sum(row.repaired_at is None for row in rows.failures)
    return (
        Figure(f"{uses:,}", "uses of hashtags"),
        Figure(first, "most used hashtag"),
        Figure(f"{len(find_reasons(rows))}" if sent else "no data", "machines to look at"),
        Figure(f"{len(rows.failures)}", f"failures, {waiting} not repaired"),
        Figure(words.percent(producing, planned) if planned else "no data", "utilisation of planned time"),
        Figure(f"{sum(row.authors for row in rows.movements if row.segment_id):,}", "authors in segments"),
    )


def _warnings(window: Window, known: DataRange) -> tuple[str, ...]:
    """Parts of the window before the first and after the newest event of the whole database."""
    found = []
    oldest, newest = known.oldest_event_at, known.newest_event_at
    if oldest and oldest > window.start:
        empty = words.duration(min(oldest, window.end) - window.start)
        found.append(f"The data begins at {words.at(oldest)} UTC: the first {empty} of the window are empty.")
    if newest and newest < window.end - MINUTE:
        empty = words.duration(window.end - max(newest, window.start))
        found.append(f"The data ends at {words.at(newest)} UTC: the last {empty} of the window are empty.")
    return tuple(found)
