"""Freshness: how old the data of each topic was when it was committed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from warehouse.dashboards import labels
from warehouse.reports import charts, words
from warehouse.reports.charts import Chart
from warehouse.reports.rows import Freshness, Latency
from warehouse.reports.tables import Column, Table, make_table
from warehouse.reports.window import Window

WIDE_RANGE = 50  # times between the youngest and the oldest age, from which on the scale is logarithmic


def latency_chart(rows: Sequence[Latency], freshness: Sequence[Freshness], window: Window) -> Chart:
    """Age of the newest event of a batch when it was committed: 95th percentile per bin of event time and topic."""
    title = "Age of the data when it was committed, per topic (seconds)"
    newest = tuple(describe_freshness(row) for row in freshness)
    if not rows:
        text = "No batch of the window is known singly; batches older than a week are summed up."
        return charts.empty_chart("latency", title, text, newest)
    streams = [stream for stream in labels.STREAMS if any(row.stream == stream for row in rows)]
    bins, found = list(window.bins()), {(row.stream, row.starts_at): row for row in rows}
    scale, scale_note = _choose_scale(rows)
    axes = {
        "xaxis": charts.time_axis(window),
        "yaxis": {**charts.number_axis("seconds, 95th percentile"), **scale},
        "shapes": charts.shade(charts.without_data(window, {row.starts_at for row in rows})),
    }
    figure = {
        "data": [_line(stream, number, bins, found) for number, stream in enumerate(streams)],
        "layout": charts.layout(320, showlegend=True, **axes),
    }
    notes = (
        f"Per {window.step_name}, 95 % of the batches were younger than this. Grey: no batch.{scale_note}",
        *newest,
    )
    return Chart("latency", title, _notice(rows, window), figure, _table(rows, window), notes)


def describe_freshness(row: Freshness) -> str:
    """One sentence: the newest event of a topic, and how old it was when its batch was committed."""
    name = words.topic(row.stream)
    if row.newest_event_at is None or row.age_seconds is None:
        return f"{name}: no single batch up to the window's end is known."
    age = words.seconds(row.age_seconds)
    return f"{name}: the newest event is of {words.at(row.newest_event_at)} UTC, {age} old when committed."


def _line(
    stream: str, style: int, bins: Sequence[datetime], found: Mapping[tuple[str, datetime], Latency]
) -> charts.Figure:
    values = [found[stream, at].p95_seconds if (stream, at) in found else None for at in bins]
    return charts.line(words.topic(stream), bins, [value if value and value > 0 else None for value in values], style)


def _notice(rows: Sequence[Latency], window: Window) -> str:
    worst = max(rows, key=lambda row: (row.p95_seconds, row.stream, row.starts_at))
    typical = sorted(row.median_seconds for row in rows)[len(rows) // 2]
    return (
        f"Data was typically {words.seconds(typical)} old; slowest were {words.topic(worst.stream).lower()} in "
        f"the {window.step_name} from {words.short(worst.starts_at)} UTC with {words.seconds(worst.p95_seconds)}."
    )


def _choose_scale(rows: Sequence[Latency]) -> tuple[charts.Figure, str]:
    """Attributes of the axis, and a note: logarithmic if the slowest would flatten all the others."""
    ages = [row.p95_seconds for row in rows if row.p95_seconds > 0]
    if not ages or max(ages) < WIDE_RANGE * min(ages):
        return {}, ""
    return {"type": "log", "rangemode": "normal", "tickformat": "~g", "dtick": 1}, " Logarithmic scale."


def _table(rows: Sequence[Latency], window: Window) -> Table:
    columns: list[Column | str] = [
        "Topic",
        f"{window.step_name.capitalize()} from (UTC)",
        Column("Batches", is_shown=False),
        "Median (s)",
        "95th percentile (s)",
        Column("Worst (s)", is_shown=False),
    ]
    slowest = sorted(rows, key=lambda row: (-row.p95_seconds, row.stream, row.starts_at))
    return make_table(
        columns,
        [
            (words.topic(r.stream), r.starts_at, r.batches, r.median_seconds, r.p95_seconds, r.worst_seconds)
            for r in slowest
        ],
    )
