"""What the page says about the data itself: its age in event time, what became of every row, and trouble."""

from collections.abc import Sequence
from datetime import datetime

from dash import html
from dash.development.base_component import Component

from warehouse.dashboards import labels
from warehouse.dashboards.elements import BROWSER_WRITES, also, unspoken
from warehouse.dashboards.live.rows import Freshness, OutcomeCount

QUARANTINE, WARNED = "quarantine:", "warned:"
OUTCOMES = {"silver": "Kept", "late": "of these late", "duplicate": "Came twice", "deletion": "Deletions"}
# Seconds of event time that still read as live, and as delayed. Machine events are rare: an age, but no verdict.
PATIENCE = {"posts": (15, 120), "readings": (15, 120)}


def render_freshness(streams: Sequence[Freshness]) -> Component:
    """A tile per stream. The browser counts the age on, so it grows even when nothing arrives any more."""
    known = {row.stream: row.newest_event_at for row in streams}
    return html.Dl([_tile(stream, known.get(stream)) for stream in labels.STREAMS], className="tiles")


def age(moment: datetime | None) -> Component:
    """An age that the browser keeps counting from the moment of the newest event."""
    if moment is None:
        return html.Span("no data yet", className="age")
    return html.Span("", className=f"age {BROWSER_WRITES}", **also(data_at=str(labels.milliseconds(moment))))


def render_counts(counts: Sequence[OutcomeCount]) -> Component:
    """One row per stream: what was kept, and everything that was not counted twice or not understood."""
    if not counts:
        return html.P("No row has been read yet.", className="nothing")
    streams = [stream for stream in labels.STREAMS if any(count.query == stream for count in counts)]
    rows = [_count_row(stream, {c.outcome: c.rows for c in counts if c.query == stream}) for stream in streams]
    titles = ["Stream", *OUTCOMES.values(), "Set aside"]
    head = [html.Th(title, scope="col", className="number" if index else "") for index, title in enumerate(titles)]
    table = html.Table([html.Thead(html.Tr(head)), html.Tbody(rows)], **also(aria_describedby="counts-note"))
    note = (
        "Every row of the last 24 hours of the stream. Nothing is dropped in silence: a row that came twice is "
        "counted once, a row that cannot be used is set aside with its reason and kept."
    )
    frame = html.Div(table, className="counts", tabIndex="0", role="region", **also(aria_labelledby="counts-title"))
    return html.Div([html.P(note, id="counts-note", className="note"), frame])


def render_banner(problem: str | None, read_at: datetime | None) -> Component | None:
    """Trouble in one sentence, with the age of the picture that is still shown; None when all is well."""
    if problem is None:
        return None
    nothing = [" There is no picture to show yet."]
    shown = [" This is the last good picture, ", age(read_at), "."] if read_at else nothing
    return html.P([html.Strong(problem), *shown, " The page tries again by itself."])


def render_empty() -> Component:
    """A friendly word before the first data."""
    command = html.Code("./spark-submit.sh demo")
    return html.Div(
        [
            unspoken("≋", "wave"),
            html.H2("No data yet"),
            html.P(["Start the stream with ", command, " and this page fills by itself within a minute."]),
        ],
        className="empty",
    )


def _tile(stream: str, newest: datetime | None) -> Component:
    patience = PATIENCE.get(stream)
    verdict = also(data_stream=stream, data_live=str(patience[0]), data_late=str(patience[1])) if patience else {}
    since = f"newest event {newest:%Y-%m-%d} {labels.clock(newest)} UTC" if newest else "nothing has arrived"
    return html.Div(
        [
            html.Dt([labels.stream_name(stream), html.Span("", className=f"verdict {BROWSER_WRITES}")]),
            html.Dd([age(newest), html.Span(since, className="since")]),
        ],
        className="tile",
        **(verdict if newest else {}),
    )


def _count_row(stream: str, rows: dict[str, int]) -> Component:
    aside, warned = _by_rule(rows, QUARANTINE), _by_rule(rows, WARNED)
    kept = {"silver": [html.Small(_reasons(warned))] if warned else []}
    return html.Tr(
        [
            html.Th(labels.stream_name(stream), scope="row"),
            *(
                html.Td(
                    [labels.count(rows.get(outcome, 0)), *kept.get(outcome, [])],
                    className="number",
                    **also(data_label=title),
                )
                for outcome, title in OUTCOMES.items()
            ),
            html.Td(
                [labels.count(sum(aside.values())), html.Small(_reasons(aside))],
                className="number",
                **also(data_label="Set aside"),
            ),
        ]
    )


def _by_rule(rows: dict[str, int], kind: str) -> dict[str, int]:
    return {name.removeprefix(kind): number for name, number in rows.items() if name.startswith(kind)}


def _reasons(by_rule: dict[str, int]) -> str:
    worst_first = sorted(by_rule.items(), key=lambda item: -item[1])
    return ", ".join(f"{labels.rule_name(rule)} {labels.count(number)}" for rule, number in worst_first)
