"""Machines: anomalies, times without data, failures and repairs."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from warehouse.dashboards import labels
from warehouse.reports import charts, words
from warehouse.reports.attention import NO_READINGS, describe_anomaly, own_gaps
from warehouse.reports.charts import Chart
from warehouse.reports.rows import Anomaly, DataGap, Failure, Machine, MachineGap, has_readings
from warehouse.reports.tables import Column, Table, make_table
from warehouse.reports.window import MINUTE, Window

Stretch = tuple[str, datetime, datetime]


def anomalies_chart(rows: Sequence[Anomaly], machines: Sequence[Machine], window: Window) -> Chart:
    """Minutes per machine in which a sensor was outside its limits, or inside and far from its own normal."""
    title = "Unusual minutes per machine"
    notes = (
        "Unusual: more than 4 standard deviations from the mean of the same sensor in the 24 hours before "
        "(at least 60 minutes of data).",
    )
    if not has_readings(machines, window):
        return charts.empty_chart("anomalies", title, NO_READINGS)
    if not rows:
        return charts.empty_chart(
            "anomalies", title, "No sensor left its limits or was far from its normal values.", notes
        )
    found = {row.machine_id: (row.machine_minutes_outside, row.machine_minutes) for row in rows}
    outside = [minutes for minutes, _ in found.values()]
    figure = {
        "data": [
            charts.bars("outside its limits", outside, charts.RED),
            charts.bars("unusual for it", [every - out for out, every in found.values()], charts.AMBER, pattern="/"),
        ],
        "layout": charts.layout(
            120 + 30 * len(found),
            barmode="stack",
            showlegend=True,
            xaxis=charts.number_axis("minutes"),
            yaxis=charts.name_axis(list(found)),
        ),
    }
    return Chart("anomalies", title, _notice_anomalies(rows), figure, _anomalies_table(rows), notes)


def gaps_chart(
    gaps: Sequence[MachineGap], data_gaps: Sequence[DataGap], machines: Sequence[Machine], window: Window
) -> Chart:
    """When each machine sent no data; in grey, when none at all did."""
    title = "Times without data, per machine"
    sent = [machine for machine in machines if machine.last_minute]
    notes = (*words.gap_note(data_gaps, "readings", window), *_first_notes(sent, window))
    if not gaps:
        text = _notice_gaps([], len(sent)) if has_readings(machines, window) else NO_READINGS
        return charts.empty_chart("gaps", title, text, notes)
    names = sorted({gap.machine_id for gap in gaps})
    trace = _timeline("no data", [(g.machine_id, g.starts_at, g.ends_at) for g in gaps], names, charts.AMBER)
    figure = {"data": [trace], "layout": _timeline_layout(names, window, words.stretches(data_gaps, "readings"))}
    longest_first = sorted(gaps, key=lambda gap: (-gap.minutes, gap.machine_id, gap.starts_at))
    table = make_table(
        ["Machine", "From (UTC)", Column("To (UTC)", is_shown=False), "Minutes"],
        [(g.machine_id, g.starts_at, None if g.is_open else g.ends_at, g.minutes) for g in longest_first],
    )
    notice = _notice_gaps(own_gaps(gaps, data_gaps), len(sent))
    return Chart(
        "gaps",
        title,
        notice,
        figure,
        table,
        (*notes, "In the CSV a gap without an end was still open when the window ended."),
    )


def failures_chart(rows: Sequence[Failure], window: Window) -> Chart:
    """Per machine, the time from each failure to its repair."""
    title = "Failures until their repair, per machine"
    if not rows:
        return charts.empty_chart("failures", title, "No machine failed, and none was waiting for its repair.")
    names = sorted({row.machine_id for row in rows})
    repaired = [(f.machine_id, f.failed_at, f.repaired_at) for f in rows if f.repaired_at]
    waiting = [(row.machine_id, row.failed_at, window.end) for row in rows if not row.repaired_at]
    traces = [
        _timeline("repaired", repaired, names, charts.BLUE),
        _timeline("not repaired", waiting, names, charts.RED, dash="dot"),
        _starts(rows, names, window),
    ]
    figure = {"data": traces, "layout": {**_timeline_layout(names, window, []), "showlegend": True}}
    columns: list[Column | str] = [
        "Machine",
        "Failed at (UTC)",
        "Repaired at (UTC)",
        Column("Hours until the repair"),
        "Reported cause",
    ]
    newest_first = sorted(rows, key=lambda row: (row.failed_at, row.machine_id), reverse=True)
    table = make_table(columns, [(f.machine_id, f.failed_at, f.repaired_at, _hours(f), f.detail) for f in newest_first])
    notes = ("A failure is repaired by the first maintenance after it.", *_earlier_note(rows, window))
    return Chart("failures", title, _notice_failures(rows), figure, table, notes)


def _anomalies_table(rows: Sequence[Anomaly]) -> Table:
    return make_table(
        [
            "Machine",
            "Why",
            "Minutes",
            Column("Sensor", is_shown=False),
            Column("Kind", is_shown=False),
            Column("Most unusual mean of a minute", 2, is_shown=False),
            Column("Limit", 2, is_shown=False),
            Column("Unit", is_shown=False),
            Column("First minute (UTC)", is_shown=False),
            Column("Last minute (UTC)", is_shown=False),
        ],
        [
            (
                *(r.machine_id, describe_anomaly(r), r.minutes, r.sensor, r.kind, r.extreme, r.limit_value, r.unit),
                *(r.first_minute, r.last_minute),
            )
            for r in rows
        ],
    )


def _notice_anomalies(rows: Sequence[Anomaly]) -> str:
    first, machines = rows[0], len({row.machine_id for row in rows})
    sensor = labels.sensor_name(first.sensor).lower()
    return (
        f"{first.machine_id} has the most: {words.count(first.machine_minutes, 'minute')}, "
        f"{first.machine_minutes_outside:,} of them outside its limits, above all {sensor}; "
        f"{words.count(machines, 'machine')} had any."
    )


def _timeline(
    name: str, stretches: Sequence[Stretch], machines: Sequence[str], colour: str, dash: str = "solid"
) -> charts.Figure:
    """Thick lines on the rows of a timeline; None ends one before the next begins."""
    x: list[str | None] = []
    y: list[int | None] = []
    for machine, start, end in stretches:
        x += [charts.iso(start), charts.iso(end), None]
        y += [machines.index(machine), machines.index(machine), None]
    line = {"color": colour, "width": 9, "dash": dash}
    return {"type": "scatter", "mode": "lines", "name": name, "x": x, "y": y, "line": line, "connectgaps": False}


def _starts(rows: Sequence[Failure], machines: Sequence[str], window: Window) -> charts.Figure:
    shown = [row for row in rows if row.failed_at >= window.start]
    marker = {"symbol": "x", "size": 11, "color": charts.TEXT, "line": {"color": "#ffffff", "width": 1}}
    x, y = [charts.iso(row.failed_at) for row in shown], [machines.index(row.machine_id) for row in shown]
    return {"type": "scatter", "mode": "markers", "name": "failure", "x": x, "y": y, "marker": marker}


def _timeline_layout(names: Sequence[str], window: Window, grey: Sequence[tuple[datetime, datetime]]) -> charts.Figure:
    axes = {"xaxis": {**charts.time_axis(window), "showgrid": True, "gridcolor": charts.GRID}}
    return charts.layout(110 + 28 * len(names), yaxis=charts.name_axis(names), shapes=charts.shade(grey), **axes)


def _notice_gaps(own: Sequence[MachineGap], machines: int) -> str:
    if not own:
        return f"No machine of {machines} was silent while others sent data."
    minutes: dict[str, int] = {}
    for gap in own:
        minutes[gap.machine_id] = minutes.get(gap.machine_id, 0) + gap.minutes
    worst = max(sorted(minutes), key=lambda name: minutes[name])
    open_now = sorted({gap.machine_id for gap in own if gap.is_open})
    end = (
        f"{words.names(open_now)} {'was' if len(open_now) == 1 else 'were'} still silent when the window ended"
        if open_now
        else "all sent data again"
    )
    return (
        f"{len(minutes)} of {machines} machines were silent while others sent data, longest {worst} with "
        f"{words.duration(minutes[worst] * MINUTE)}; {end}."
    )


def _first_notes(sent: Sequence[Machine], window: Window) -> tuple[str, ...]:
    """Time before a machine's first reading is no gap, but it is said."""
    new = [m for m in sent if m.first_minute and m.first_minute > window.start]
    if not new:
        return ()
    firsts = [f"{machine.machine_id} ({words.short(machine.first_minute or window.start)})" for machine in new]
    return (f"First reading ever within the window, not counted as a gap before it: {words.names(firsts)}.",)


def _notice_failures(rows: Sequence[Failure]) -> str:
    lengths = [row.repaired_at - row.failed_at for row in rows if row.repaired_at]
    waiting = sorted({row.machine_id for row in rows if not row.repaired_at})
    start = f"{words.count(len(rows), 'failure')} of {words.count(len({row.machine_id for row in rows}), 'machine')}"
    middle = f"; a repair took {words.duration(sum(lengths, timedelta()) / len(lengths))} on average" if lengths else ""
    return (
        f"{start}{middle}; {words.names(waiting)} not repaired yet." if waiting else f"{start}{middle}; all repaired."
    )


def _hours(row: Failure) -> float | None:
    return round((row.repaired_at - row.failed_at) / timedelta(hours=1), 2) if row.repaired_at else None


def _earlier_note(rows: Sequence[Failure], window: Window) -> tuple[str, ...]:
    earlier = sum(row.failed_at < window.start for row in rows)
    return (f"{words.count(earlier, 'failure')} began before the window.",) if earlier else ()
