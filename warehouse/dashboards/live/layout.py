"""The frame of the page: places with fixed ids that page.js fills with sections. Reads no data."""

from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from warehouse.dashboards.elements import hyphenated

SPANS = {10: "10 minutes", 60: "1 hour"}  # minutes over which hashtags can be ranked -> text of the choice
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


def build_layout(sections: Mapping[str, Any], fingerprints: Mapping[str, str], refresh_seconds: float) -> Component:
    """The whole page, with the sections in a browser store, so that the first numbers need no second request.

    Only the chart comes with the first refresh: while a browser loads Plotly's 5 MB of script it shows nothing else.
    """
    return html.Div(
        [
            dcc.Interval(id="refresh", interval=round(refresh_seconds * 1000)),
            *_stores(sections, fingerprints),
            html.A("Skip to the hashtags", href="#hashtags-title", className="skip"),
            _header(),
            _banner(
                "disconnected",
                "The server of this page does not answer. The page continues automatically as soon as it does.",
            ),
            _banner("paused", "Paused: the numbers are not refreshed, the ages keep growing."),
            html.Div(id="banner", role="status"),
            html.Div(id="empty"),
            html.Main(
                [
                    html.Section(
                        [html.H2("Age of the data", className="screen-reader-only"), html.Div(id="freshness")]
                    ),
                    _hashtags(),
                    _machines(),
                    _section("counts", "What happened to every record", [html.Div(id="counts")]),
                ]
            ),
        ],
        id="page",
        **hyphenated(data_refresh=str(round(refresh_seconds * 1000))),
    )


def _stores(sections: Mapping[str, Any], fingerprints: Mapping[str, str]) -> list[Component]:
    """`first-sections` is shown at once, `sections` is filled by the first refresh."""
    return [
        dcc.Store(id="heartbeat"),
        dcc.Store(id="first-sections", data=dict(sections)),
        dcc.Store(id="sections"),
        dcc.Store(id="painted"),
        dcc.Store(id="fingerprints", data=dict(fingerprints)),
        dcc.Store(id="figure"),
    ]


def _banner(name: str, text: str) -> Component:
    return html.Div(text, id=name, className="banner", role="status")


def _header() -> Component:
    return html.Header(
        [
            html.H1("Afluente"),
            html.P("Live. All times are UTC; ages count from the moment an event happened."),
            html.Button("Pause", id="pause", type="button", n_clicks=0, **hyphenated(aria_pressed="false")),
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
            "Posts per minute of the top five. The shaded minute is not complete yet.",
            html.Div(id="chart-description", className="screen-reader-only"),
        ]
    )
    return _section(
        "hashtags",
        "Top hashtags",
        [
            _stale("posts", "No new posts are arriving: these are the last known numbers."),
            html.Div(
                [
                    html.Span("Ranked by posts in the last", id="span-label"),
                    html.Div(choice, role="group", **hyphenated(aria_labelledby="span-label")),
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
            _stale("readings", "No new readings are arriving: these are the last known values."),
            html.Div(id="attention"),
            html.Div(id="machines"),
            html.P(
                "Value: average of the newest minute. Line: last hour. Grey band: normal range of this machine, "
                "computed from its own last 24 hours. Dashed: limit.",
                className="note",
            ),
        ],
    )


def _stale(stream: str, text: str) -> Component:
    return html.P(text, className=f"stale {stream}")


def _section(name: str, title: str, children: list[Component]) -> Component:
    heading = html.H2(title, id=f"{name}-title", tabIndex="-1")
    return html.Section([heading, *children], id=f"{name}-section", **hyphenated(aria_labelledby=f"{name}-title"))
