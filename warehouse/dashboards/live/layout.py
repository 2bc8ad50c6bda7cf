"""The frame of the page: sections with fixed ids that callbacks fill. Holds no data and asks for none."""

from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from warehouse.dashboards.elements import also

SPANS = {10: "10 minutes", 60: "1 hour"}
INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
{%metas%}
<title>{%title%}</title>
<link rel="icon" type="image/svg+xml" href="/assets/icon.svg">
{%css%}
</head>
<body>
{%app_entry%}
<footer>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>"""


def build_layout(sections: Mapping[str, Any], marks: Mapping[str, str], refresh_seconds: float) -> Component:
    """The whole page, with the sections in a store of the browser, so that the first number needs no second request.

    Only the chart is left to the first refresh: while a browser reads Plotly's 5 MB it shows nothing else.
    """
    return html.Div(
        [
            dcc.Interval(id="refresh", interval=round(refresh_seconds * 1000)),
            dcc.Store(id="heartbeat"),
            dcc.Store(
                id="first-sections", data=dict(sections)
            ),  # shown at once; `sections` waits for the first refresh
            dcc.Store(id="sections"),
            dcc.Store(id="painted"),
            dcc.Store(id="marks", data=dict(marks)),
            dcc.Store(id="figure"),
            html.A("Skip to the hashtags", href="#hashtags-title", className="skip"),
            _header(),
            html.Div(
                "This page has lost its server. It comes back by itself as soon as the server answers.",
                id="lost",
                className="banner",
                role="status",
            ),
            html.Div(
                "Paused: the numbers stand still, the ages go on.", id="paused", className="banner", role="status"
            ),
            html.Div(id="banner", role="status"),
            html.Div(id="empty"),
            html.Main(
                [
                    html.Section([html.H2("How fresh the data is", className="heard"), html.Div(id="freshness")]),
                    _hashtags(),
                    _machines(),
                    _section("counts", "What became of every row", [html.Div(id="counts")]),
                ]
            ),
        ],
        id="page",
        **also(data_refresh=str(round(refresh_seconds * 1000))),
    )


def _header() -> Component:
    return html.Header(
        [
            html.H1("Afluente"),
            html.P("Live. All times are UTC; ages count from the moment an event happened."),
            html.Button("Pause", id="pause", type="button", n_clicks=0, **also(aria_pressed="false")),
        ],
        className="top",
    )


def _hashtags() -> Component:
    choice = dcc.RadioItems(
        id="span",
        options=[{"label": text, "value": span} for span, text in SPANS.items()],
        value=next(iter(SPANS)),
        inline=True,
        className="choice",
    )
    caption = html.Figcaption(
        [
            "Posts per minute of the first five. The shaded minute is still filling.",
            html.Div(id="spoken", className="heard"),
        ]
    )
    return _section(
        "hashtags",
        "Top hashtags",
        [
            _old("posts", "No new posts arrive: this is how things stood last."),
            html.Div(
                [
                    html.Span("Ranked over", id="span-label"),
                    html.Div(choice, role="group", **also(aria_labelledby="span-label")),
                ],
                className="controls",
            ),
            html.Div([html.Div(id="hashtags"), html.Figure([caption, html.Div(id="chart-place")])], className="two"),
        ],
    )


def _machines() -> Component:
    return _section(
        "machines",
        "Machines",
        [
            _old("readings", "No new readings arrive: this is what the machines said last."),
            html.Div(id="attention"),
            html.Div(id="machines"),
            html.P(
                "Value: average of the newest minute. Line: last hour. Grey band: what is normal for this machine, "
                "from its own last 24 hours. Dashed: limit.",
                className="note",
            ),
        ],
    )


def _old(stream: str, text: str) -> Component:
    return html.P(text, className=f"old {stream}")


def _section(name: str, title: str, children: list[Component]) -> Component:
    heading = html.H2(title, id=f"{name}-title", tabIndex="-1")
    return html.Section([heading, *children], id=f"{name}-section", **also(aria_labelledby=f"{name}-title"))
