"""Sections about the pipeline itself: age of the data in event time, outcomes of the records, problems, no data yet."""

from collections.abc import Sequence
from datetime import datetime

from dash import html
from dash.development.base_component import Component

from warehouse.dashboards import labels
from warehouse.dashboards.elements import BROWSER_TEXT, hyphenated, visual_only
from warehouse.dashboards.live.rows import Freshness, OutcomeCount

QUARANTINE, WARNED = "quarantine:", "warned:"
OUTCOMES = {"silver": "Stored", "late": "of these late", "duplicate": "Duplicates", "deletion": "Deletions"}
QUARANTINED = "Quarantined"  # title of the column that sums all quarantine:<rule> outcomes
# Age in seconds up to which a stream is shown as live, and as delayed. Machine events are rare: an age, but no status.
FRESHNESS_LIMITS = {"posts": (15, 120), "readings": (15, 120)}


def render_freshness(streams: Sequence[Freshness]) -> Component:
    """A tile per stream. The browser updates the age every second, so it grows even when no data arrives."""
    known = {row.stream: row.newest_event_at for row in streams}
    return html.Dl([_tile(stream, known.get(stream)) for stream in labels.STREAMS], className="tiles")


def age(moment: datetime | None) -> Component:
    """The age of `moment`, which the browser computes and keeps up to date; "no data yet" if it is None."""
    if moment is None:
        return html.Span("no data yet", className="age")
    return html.Span("", className=f"age {BROWSER_TEXT}", **hyphenated(data_at=str(labels.unix_milliseconds(moment))))


def render_counts(counts: Sequence[OutcomeCount]) -> Component:
    """One row per stream: records stored, late, duplicate, deletions, and quarantined with the number per rule."""
    if not counts:
        return html.P("No record has been processed yet.", className="nothing")
    streams = [stream for stream in labels.STREAMS if any(count.query == stream for count in counts)]
    rows = [_count_row(stream, {c.outcome: c.rows for c in counts if c.query == stream}) for stream in streams]
    titles = ["Stream", *OUTCOMES.values(), QUARANTINED]
    head = [html.Th(title, scope="col", className="number" if index else "") for index, title in enumerate(titles)]
    table = html.Table([html.Thead(html.Tr(head)), html.Tbody(rows)], **hyphenated(aria_describedby="counts-note"))
    note = (
        "All records of the last 24 hours of each stream. None is dropped without being counted: a duplicate is stored "
        "only once, a record that cannot be used is quarantined, that is, stored apart with the reason."
    )
    frame = html.Div(
        table, className="counts", tabIndex="0", role="region", **hyphenated(aria_labelledby="counts-title")
    )
    return html.Div([html.P(note, id="counts-note", className="note"), frame])


def render_banner(problem: str | None, read_at: datetime | None) -> Component | None:
    """The problem and the age of the data that is still shown, read at `read_at`; None without a problem."""
    if problem is None:
        return None
    nothing = [" There is no data to show yet."]
    shown = [" The page shows the last data that was read, ", age(read_at), "."] if read_at else nothing
    return html.P([html.Strong(problem), *shown, " It tries again automatically."])


def render_empty() -> Component:
    """How to start the stream, shown before the first data."""
    command = html.Code("./spark-submit.sh demo")
    return html.Div(
        [
            visual_only("≋", "wave"),
            html.H2("No data yet"),
            html.P(["Start the stream with ", command, " and this page shows its data within a minute."]),
        ],
        className="empty",
    )


def _tile(stream: str, newest: datetime | None) -> Component:
    limits = FRESHNESS_LIMITS.get(stream)
    status = hyphenated(data_stream=stream, data_live=str(limits[0]), data_late=str(limits[1])) if limits else {}
    since = f"newest event {newest:%Y-%m-%d} {labels.format_time(newest)} UTC" if newest else "nothing has arrived"
    return html.Div(
        [
            html.Dt([labels.stream_name(stream), html.Span("", className=f"status {BROWSER_TEXT}")]),
            html.Dd([age(newest), html.Span(since, className="since")]),
        ],
        className="tile",
        **(status if newest else {}),
    )


def _count_row(stream: str, rows: dict[str, int]) -> Component:
    quarantined, warned = _by_rule(rows, QUARANTINE), _by_rule(rows, WARNED)
    details = {"silver": [html.Small(_reasons(warned))] if warned else []}
    return html.Tr(
        [
            html.Th(labels.stream_name(stream), scope="row"),
            *(
                html.Td(
                    [labels.format_count(rows.get(outcome, 0)), *details.get(outcome, [])],
                    className="number",
                    **hyphenated(data_label=title),
                )
                for outcome, title in OUTCOMES.items()
            ),
            html.Td(
                [labels.format_count(sum(quarantined.values())), html.Small(_reasons(quarantined))],
                className="number",
                **hyphenated(data_label=QUARANTINED),
            ),
        ]
    )


def _by_rule(rows: dict[str, int], kind: str) -> dict[str, int]:
    return {name.removeprefix(kind): number for name, number in rows.items() if name.startswith(kind)}


def _reasons(by_rule: dict[str, int]) -> str:
    worst_first = sorted(by_rule.items(), key=lambda item: -item[1])
    return ", ".join(f"{labels.rule_name(rule)} {labels.format_count(number)}" for rule, number in worst_first)
