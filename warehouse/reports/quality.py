"""Data quality: what became of the records, and the times without any data."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from warehouse.dashboards import labels
from warehouse.reports import charts, words
from warehouse.reports.charts import Chart
from warehouse.reports.rows import DataGap, NewField, Outcome
from warehouse.reports.tables import Column, Table, make_table
from warehouse.reports.window import Window

STORED, LATE, DUPLICATE, QUARANTINE, WARNED, REPLAYED = (
    "silver",
    "late",
    "duplicate",
    "quarantine:",
    "warned:",
    "replayed",
)
PATTERNS = ("", "/", "x", ".", "-", "\\", "+", "|")
COLOURS = (charts.AMBER, charts.MUTED, charts.RED, charts.PURPLE, charts.OLIVE, charts.GREEN, charts.BLUE, charts.TEXT)
MAX_FIELDS = 5  # new fields that are named; the others are counted
NOTHING_PROCESSED = "No record was processed in this time."


def stored_chart(rows: Sequence[Outcome], window: Window) -> Chart:
    """Records stored in silver per bin of processing time and topic."""
    title = f"Records stored per {window.step_name} of processing time"
    stored = {(row.stream, row.starts_at): row.records for row in rows if row.outcome == STORED}
    if not stored:
        return charts.empty_chart("stored", title, NOTHING_PROCESSED, _processing_note(window))
    streams = [stream for stream in labels.STREAMS if any(name == stream for name, _ in stored)]
    bins = list(window.bins())
    values = {stream: [stored.get((stream, at)) for at in bins] for stream in streams}
    figure = {
        "data": [charts.line(words.topic(name), bins, values[name], n) for n, name in enumerate(streams)],
        "layout": charts.layout(
            320,
            showlegend=True,
            xaxis=charts.time_axis(window),
            yaxis=charts.number_axis(f"records per {window.step_name}"),
            shapes=_shade_unprocessed(rows, window),
        ),
    }
    columns = [f"{window.step_name.capitalize()} from (UTC)", *map(words.topic, streams)]
    table = make_table(columns, charts.newest_first(bins, [values[name] for name in streams]))
    totals = [f"{sum(filter(None, values[name])):,} {words.topic(name).lower()}" for name in streams]
    notes = (*_processing_note(window), "Grey, or an interrupted line: nothing was stored then.")
    return Chart("stored", title, f"Stored: {words.names(totals)}.", figure, table, notes)


def problems_chart(rows: Sequence[Outcome], window: Window) -> Chart:
    """Records that were late, duplicates or quarantined, by rule, per bin of processing time."""
    title = f"Records late, duplicate or quarantined per {window.step_name} of processing time"
    kinds = _problem_totals(rows)
    if not rows:
        return charts.empty_chart("problems", title, NOTHING_PROCESSED, _processing_note(window))
    if not kinds:
        return charts.empty_chart(
            "problems", title, "No record was late, duplicate or quarantined.", _processing_note(window)
        )
    bins, width = list(window.bins()), 0.86 * window.step.total_seconds() * 1000
    traces = []
    for index, kind in enumerate(list(kinds)[: len(PATTERNS)]):
        per_bin = _per_bin(rows, kind)
        bar = charts.columns(_kind_name(kind), bins, [per_bin.get(at) for at in bins], COLOURS[index], PATTERNS[index])
        traces.append({**bar, "width": width})
    axes = {"xaxis": charts.time_axis(window), "yaxis": charts.number_axis(f"records per {window.step_name}")}
    figure = {
        "data": traces,
        "layout": charts.layout(300, showlegend=True, barmode="stack", shapes=_shade_unprocessed(rows, window), **axes),
    }
    notes = (
        *_processing_note(window),
        "Grey: nothing was processed then.",
        *(
            [f"Drawn are {len(PATTERNS)} of {len(kinds)} kinds; the table has all."]
            if len(kinds) > len(PATTERNS)
            else []
        ),
        "Late records are stored, too; a duplicate is stored once; quarantined records are kept apart with the reason.",
    )
    return Chart("problems", title, _notice_problems(rows), figure, _problems_table(rows), notes)


def coverage_list(gaps: Sequence[DataGap], new_fields: Sequence[NewField]) -> Chart:
    """The stretches of ten minutes or more without any post or any reading, and fields that nobody reads."""
    title = "Times without any data"
    notes = tuple(
        f"New field “{row.field}” in {words.topic(row.topic).lower()} since {words.at(row.first_seen_at)} UTC: "
        "kept in bronze, read by nobody yet."
        for row in new_fields[:MAX_FIELDS]
    )
    if len(new_fields) > MAX_FIELDS:
        notes += (f"{words.count(len(new_fields) - MAX_FIELDS, 'more new field')}.",)
    if not gaps:
        return charts.empty_chart(
            "coverage", title, "Posts and readings arrived without a pause of ten minutes.", notes
        )
    longest = max(gaps, key=lambda gap: gap.ends_at - gap.starts_at)
    table = make_table(
        ["Stream", "From (UTC)", "To (UTC)", "Minutes"],
        [(words.topic(g.stream), g.starts_at, g.ends_at, _minutes(g)) for g in gaps],
    )
    length = words.duration(longest.ends_at - longest.starts_at)
    notice = (
        f"{words.count(len(gaps), 'pause')} of ten minutes or more; the longest: no {longest.stream} from "
        f"{words.short(longest.starts_at)} to {words.short(longest.ends_at)} UTC ({length})."
    )
    return Chart("coverage", title, notice, None, table, notes)


def _shade_unprocessed(rows: Sequence[Outcome], window: Window) -> list[charts.Figure]:
    return charts.shade(charts.without_data(window, {row.starts_at for row in rows}))


def _minutes(gap: DataGap) -> int:
    return round((gap.ends_at - gap.starts_at).total_seconds() / 60)


def _problem_totals(rows: Sequence[Outcome]) -> dict[str, int]:
    """Kind -> records, the most frequent first after late and duplicate."""
    totals: dict[str, int] = {}
    for row in rows:
        if row.outcome in (LATE, DUPLICATE) or row.outcome.startswith(QUARANTINE):
            totals[row.outcome] = totals.get(row.outcome, 0) + row.records
    order = sorted(totals, key=lambda kind: (kind.startswith(QUARANTINE), kind == DUPLICATE, -totals[kind], kind))
    return {kind: totals[kind] for kind in order}


def _per_bin(rows: Sequence[Outcome], kind: str) -> Mapping[datetime, int]:
    per_bin: dict[datetime, int] = {}
    for row in rows:
        if row.outcome == kind:
            per_bin[row.starts_at] = per_bin.get(row.starts_at, 0) + row.records
    return per_bin


def _kind_name(kind: str) -> str:
    if kind.startswith(QUARANTINE):
        return charts.label(f"quarantined: {labels.rule_name(kind.removeprefix(QUARANTINE))}")
    return kind


def _problems_table(rows: Sequence[Outcome]) -> Table:
    totals: dict[tuple[str, str], int] = {}
    for row in rows:
        totals[row.stream, row.outcome] = totals.get((row.stream, row.outcome), 0) + row.records
    records = {stream: _records(rows, stream) for stream, _ in totals}
    order = sorted(totals, key=lambda key: (key[0], -totals[key], key[1]))
    return make_table(
        ["Topic", "Outcome", "Records", Column("Share (%)", 2)],
        [(words.topic(s), _outcome_name(o), totals[s, o], 100 * totals[s, o] / (records[s] or 1)) for s, o in order],
    )


def _outcome_name(outcome: str) -> str:
    kind, _, rule = outcome.partition(":")
    names = {
        STORED: "stored",
        LATE: "late (stored, too)",
        "warned": "warning (stored, too)",
        "quarantine": "quarantined",
    }
    names[REPLAYED] = "replayed from quarantine"
    return f"{names.get(kind, kind)}{': ' + labels.rule_name(rule) if rule else ''}"


def _records(rows: Sequence[Outcome], stream: str) -> int:
    """All records of a stream; late ones and warnings are stored ones, replayed ones were counted as quarantined."""
    parts = (LATE, WARNED, REPLAYED)
    return sum(row.records for row in rows if row.stream == stream and not row.outcome.startswith(parts))


def _notice_problems(rows: Sequence[Outcome]) -> str:
    kinds, total = _problem_totals(rows), sum(_records(rows, stream) for stream in {row.stream for row in rows})
    quarantined = {kind: records for kind, records in kinds.items() if kind.startswith(QUARANTINE)}
    if not quarantined:
        return f"None of {words.count(total, 'record')} was quarantined; {kinds.get(DUPLICATE, 0):,} were duplicates."
    all_ = sum(quarantined.values())
    worst = max(quarantined, key=lambda kind: (quarantined[kind], kind))
    return (
        f"{all_:,} of {words.count(total, 'record')} were quarantined ({words.percent(all_, total)}), most of them for "
        f"“{labels.rule_name(worst.removeprefix(QUARANTINE))}”; {kinds.get(DUPLICATE, 0):,} were duplicates, "
        f"{kinds.get(LATE, 0):,} late."
    )


def _processing_note(window: Window) -> tuple[str, ...]:
    bounds = f"{words.at(window.start)} to {words.at(window.end)}"
    return (f"By processing time, {bounds} UTC; counts older than a week are per day.",)
