"""The Plotly figure of the page, posts per minute of the top hashtags: a pure function of rows."""

import html
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from warehouse.dashboards import labels
from warehouse.dashboards.live.rows import HashtagMinute

LINE_MINUTES = 60
MINUTE = timedelta(minutes=1)
# Per line: colour (distinct for colour-blind viewers, contrast 3:1 on white and on the dark panel), dash and marker.
LINE_STYLES: Sequence[tuple[str, str, str]] = (
    ("#1f78c8", "solid", "circle"),
    ("#c85a12", "solid", "square"),
    ("#0f8f6b", "dash", "diamond"),
    ("#a0529e", "dash", "triangle-up"),
    ("#8a7a1f", "dot", "cross"),
)


def minute_axis(newest: datetime, length: int = LINE_MINUTES) -> list[datetime]:
    """The `length` minutes that end with `newest`, oldest first."""
    return [newest - MINUTE * back for back in reversed(range(length))]


def assign_line_styles(hashtags: Sequence[str], previous: Mapping[str, int]) -> dict[str, int]:
    """First hashtags -> index in `LINE_STYLES`; those in `previous` keep their style, so lines do not swap colours."""
    shown = list(hashtags[: len(LINE_STYLES)])
    kept = {tag: previous[tag] for tag in shown if tag in previous}
    free = (style for style in range(len(LINE_STYLES)) if style not in kept.values())
    return {tag: kept[tag] if tag in kept else next(free) for tag in shown}


def posts_by_hashtag(rows: Iterable[HashtagMinute]) -> dict[str, dict[datetime, int]]:
    """hashtag -> minute -> posts."""
    posts: dict[str, dict[datetime, int]] = {}
    for row in rows:
        posts.setdefault(row.hashtag, {})[row.minute] = row.posts
    return posts


def hashtag_chart(rows: Sequence[HashtagMinute], styles: Mapping[str, int], newest: datetime | None) -> dict[str, Any]:
    """Posts per minute of the hashtags that have a line style, as a figure for Plotly.

    There is always one trace per line style, in their order; `newest`: last minute of the axis, None without data.
    """
    axis = minute_axis(newest) if newest else []
    posts = posts_by_hashtag(rows)
    tag_of = {style: tag for tag, style in styles.items()}
    traces = [_line(style, tag_of.get(style), axis, posts) for style in range(len(LINE_STYLES))]
    highest = max((y for trace in traces for y in trace["y"] if y), default=0)
    return {"data": traces, "layout": _layout(axis, round_up(highest))}


def round_up(highest: float) -> float:
    """The next round number from 6 on, so that the axis seldom changes."""
    power = 1
    while True:
        for step in (1, 2, 3, 4, 6, 8):
            if highest <= step * power and step * power >= 5:
                return step * power
        power *= 10


def plot_text(text: str) -> str:
    """Text for Plotly, which interprets some HTML: at most 28 characters, escaped, its direction isolated."""
    short = text if len(text) <= 28 else text[:27] + "…"
    return "\u2068" + html.escape(short) + "\u2069"


def _line(
    style: int, hashtag: str | None, axis: Sequence[datetime], posts: Mapping[str, Mapping[datetime, int]]
) -> dict[str, Any]:
    colour, dash, symbol = LINE_STYLES[style]
    minutes = posts.get(hashtag, {}) if hashtag is not None else {}
    times, counts = _with_gap_before_last(axis, minutes) if hashtag is not None else ([], [])
    sizes = [0] * max(len(times) - 1, 0) + [9]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": plot_text(labels.hashtag_label(hashtag)) if hashtag is not None else "",
        "x": times,
        "y": counts,
        "line": {"color": colour, "width": 2, "dash": dash},
        "marker": {"color": colour, "symbol": symbol, "size": sizes, "opacity": 1},
        "hovertemplate": "%{y:,}",
    }


def _with_gap_before_last(
    axis: Sequence[datetime], posts: Mapping[datetime, int]
) -> tuple[list[str], list[int | None]]:
    """Times and counts with a gap before the last, incomplete minute: a line to it would look like a decline."""
    times = [minute.isoformat() for minute in axis]
    counts = [posts.get(minute, 0) for minute in axis]
    return [*times, *times[-1:]], [*counts[:-1], *([None] if counts else []), *counts[-1:]]


def _layout(axis: Sequence[datetime], top: float) -> dict[str, Any]:
    return {
        "uirevision": "constant",
        "showlegend": False,
        "hovermode": "x unified",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 12},
        "margin": {"l": 36, "r": 8, "t": 8, "b": 28},
        "xaxis": _time_axis(axis),
        "yaxis": {
            "range": [0, top],
            "fixedrange": True,
            "gridcolor": "rgba(128,128,128,0.22)",
            "zeroline": False,
            "nticks": 5,
            "tickformat": ",d",
        },
        "shapes": [_shade_last_minute(axis)] if axis else [],
    }


def _time_axis(axis: Sequence[datetime]) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "type": "date",
        "tickformat": "%H:%M",
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "hoverformat": "%H:%M UTC",
    }
    if axis:
        settings["dtick"] = (
            600_000  # without a range Plotly would draw a year of ten-minute ticks and freeze the browser
        )
        settings["range"] = [axis[0].isoformat(), (axis[-1] + MINUTE).isoformat()]
    return settings


def _shade_last_minute(axis: Sequence[datetime]) -> dict[str, Any]:
    return {
        "type": "rect",
        "xref": "x",
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"width": 0},
        "x0": (axis[-1] - MINUTE / 2).isoformat(),
        "x1": (axis[-1] + MINUTE).isoformat(),
        "fillcolor": "rgba(128,128,128,0.18)",
        "layer": "below",
    }
