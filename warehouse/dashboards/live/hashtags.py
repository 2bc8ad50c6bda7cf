"""The hashtag section: a ranked table with a sparkline per tag and the symbol of its line in the chart."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from dash import html
from dash.development.base_component import Component

from warehouse.dashboards import labels
from warehouse.dashboards.elements import hyphenated, screen_reader_only, visual_only
from warehouse.dashboards.live import sparklines
from warehouse.dashboards.live.figures import LINE_STYLES, minute_axis, posts_by_hashtag
from warehouse.dashboards.live.rows import HashtagMinute, TopHashtag

SYMBOLS = {"circle": "●", "square": "■", "diamond": "◆", "triangle-up": "▲", "cross": "✚"}
ARROWS = {"up": "▲", "down": "▼", "steady": "=", "new": "✦", "none": ""}


def render_hashtags(
    top: Sequence[TopHashtag], minutes: Sequence[HashtagMinute], styles: Mapping[str, int], span_minutes: int
) -> Component:
    """The ranked table, or a sentence if there are no hashtags; `styles`: hashtag -> index in `LINE_STYLES`."""
    if not top:
        return html.P("No hashtag has been counted yet.", className="nothing")
    newest = newest_minute(minutes)
    posts = posts_by_hashtag(minutes)
    rows = [
        _row(rank, tag, styles.get(tag.hashtag), _values(posts.get(tag.hashtag, {}), newest))
        for rank, tag in enumerate(top, start=1)
    ]
    caption = html.Caption(_caption(top[0].trend_minutes, span_minutes))
    return html.Table([caption, html.Thead(_head()), html.Tbody(rows)], className="ranking")


def newest_minute(minutes: Sequence[HashtagMinute]) -> datetime | None:
    """The newest minute of all rows; None without rows."""
    return max((row.minute for row in minutes), default=None)


def describe_hashtags(top: Sequence[TopHashtag]) -> str:
    """The chart in one sentence, for screen readers."""
    if not top:
        return "Posts per minute: no data yet."
    leaders = ", ".join(labels.hashtag_label(tag.hashtag) for tag in top[: len(LINE_STYLES)])
    return f"Posts per minute in the last hour for {leaders}. The table has the numbers."


def _caption(trend_minutes: int, span_minutes: int) -> str:
    counted = f"Posts in the last {labels.format_minutes(span_minutes)}, including the current, incomplete minute."
    if trend_minutes == 0:
        return counted + " The trend needs two whole minutes of data."
    if trend_minutes == 1:
        return counted + " Trend: the last whole minute compared with the one before."
    span = labels.format_minutes(trend_minutes)
    return f"{counted} Trend: the last whole {span} compared with the {span} before."


def _head() -> Component:
    return html.Tr(
        [
            html.Th(screen_reader_only("Rank"), scope="col", className="rank"),
            html.Th("Hashtag", scope="col"),
            html.Th("Last hour", scope="col", className="line"),
            html.Th("Posts", scope="col", className="number"),
            html.Th("Trend", scope="col", className="number"),
        ]
    )


def _values(posts: Mapping[datetime, int], newest: datetime | None) -> list[int]:
    return [posts.get(minute, 0) for minute in minute_axis(newest)] if newest else []


def _row(rank: int, tag: TopHashtag, style: int | None, values: Sequence[int]) -> Component:
    label = labels.hashtag_label(tag.hashtag)
    return html.Tr(
        [
            html.Td(str(rank), className="rank"),
            html.Th([_swatch(style), html.Bdi(label, dir="auto", title=label)], scope="row", className="tag"),
            html.Td(html.Img(src=sparklines.bars(values), alt=_alt_text(values), className="spark"), className="line"),
            html.Td(labels.format_count(tag.posts), className="number strong"),
            _trend(tag),
        ]
    )


def _swatch(style: int | None) -> Component:
    colour, _, symbol = LINE_STYLES[style] if style is not None else ("", "", "")
    return html.Span(
        SYMBOLS.get(symbol, ""), className="swatch", style={"color": colour}, **hyphenated(aria_hidden="true")
    )


def _alt_text(values: Sequence[int]) -> str:
    whole = values[:-1]
    return f"At most {max(whole, default=0)} posts per minute, {whole[-1] if whole else 0} in the last whole minute"


def _trend(tag: TopHashtag) -> Component:
    direction, short, text = labels.describe_trend(tag.recent, tag.previous) if tag.trend_minutes else labels.NO_TREND
    return html.Td(
        [visual_only(ARROWS[direction], "arrow"), visual_only(f" {short}", "short"), screen_reader_only(text)],
        className=f"number trend {direction}",
        title=f"{labels.format_count(tag.recent)} posts, before that {labels.format_count(tag.previous)}",
    )
