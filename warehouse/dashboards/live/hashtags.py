"""The hashtag section: a ranked table, a small line per tag and the look its line has in the chart."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from dash import html
from dash.development.base_component import Component

from warehouse.dashboards import labels
from warehouse.dashboards.elements import also, heard, unspoken
from warehouse.dashboards.live import sparklines
from warehouse.dashboards.live.figures import LOOKS, minute_axis, posts_by_hashtag
from warehouse.dashboards.live.rows import HashtagMinute, TopHashtag

SYMBOLS = {"circle": "●", "square": "■", "diamond": "◆", "triangle-up": "▲", "cross": "✚"}
ARROWS = {"up": "▲", "down": "▼", "steady": "=", "new": "✦", "none": ""}


def render_hashtags(
    top: Sequence[TopHashtag], minutes: Sequence[HashtagMinute], looks: Mapping[str, int], span_minutes: int
) -> Component:
    """The ranked table, or a sentence when there is nothing to rank."""
    if not top:
        return html.P("No hashtag has been counted yet.", className="nothing")
    newest = newest_minute(minutes)
    posts = posts_by_hashtag(minutes)
    rows = [
        _row(rank, tag, looks.get(tag.hashtag), _values(posts.get(tag.hashtag, {}), newest))
        for rank, tag in enumerate(top, start=1)
    ]
    caption = html.Caption(_caption(top[0].trend_minutes, span_minutes))
    return html.Table([caption, html.Thead(_head()), html.Tbody(rows)], className="ranking")


def newest_minute(minutes: Sequence[HashtagMinute]) -> datetime | None:
    """The newest minute that any of the rows has."""
    return max((row.minute for row in minutes), default=None)


def describe_hashtags(top: Sequence[TopHashtag]) -> str:
    """The chart in one sentence, for those who hear the page."""
    if not top:
        return "Posts per minute: no data yet."
    leaders = ", ".join(labels.hashtag_label(tag.hashtag) for tag in top[: len(LOOKS)])
    return f"Posts per minute in the last hour for {leaders}. The table beside it has the numbers."


def _caption(trend_minutes: int, span_minutes: int) -> str:
    counted = f"Posts in the last {labels.minutes(span_minutes)}, the minute that is still filling included."
    if trend_minutes == 0:
        return counted + " The trend needs two whole minutes of data."
    if trend_minutes == 1:
        return counted + " Trend: the last whole minute against the one before."
    span = labels.minutes(trend_minutes)
    return f"{counted} Trend: the last whole {span} against the {span} before."


def _head() -> Component:
    return html.Tr(
        [
            html.Th(heard("Rank"), scope="col", className="rank"),
            html.Th("Hashtag", scope="col"),
            html.Th("Last hour", scope="col", className="line"),
            html.Th("Posts", scope="col", className="number"),
            html.Th("Trend", scope="col", className="number"),
        ]
    )


def _values(posts: Mapping[datetime, int], newest: datetime | None) -> list[int]:
    return [posts.get(minute, 0) for minute in minute_axis(newest)] if newest else []


def _row(rank: int, tag: TopHashtag, look: int | None, values: Sequence[int]) -> Component:
    label = labels.hashtag_label(tag.hashtag)
    return html.Tr(
        [
            html.Td(str(rank), className="rank"),
            html.Th([_swatch(look), html.Bdi(label, dir="auto", title=label)], scope="row", className="tag"),
            html.Td(html.Img(src=sparklines.bars(values), alt=_spoken(values), className="spark"), className="line"),
            html.Td(labels.count(tag.posts), className="number strong"),
            _trend(tag),
        ]
    )


def _swatch(look: int | None) -> Component:
    colour, _, symbol = LOOKS[look] if look is not None else ("", "", "")
    return html.Span(SYMBOLS.get(symbol, ""), className="swatch", style={"color": colour}, **also(aria_hidden="true"))


def _spoken(values: Sequence[int]) -> str:
    whole = values[:-1]
    return f"At most {max(whole, default=0)} posts per minute, {whole[-1] if whole else 0} in the last whole minute"


def _trend(tag: TopHashtag) -> Component:
    direction, short, spoken = labels.trend(tag.recent, tag.previous) if tag.trend_minutes else labels.NO_TREND
    return html.Td(
        [unspoken(ARROWS[direction], "arrow"), unspoken(f" {short}", "short"), heard(spoken)],
        className=f"number trend {direction}",
        title=f"{labels.count(tag.recent)} posts, before that {labels.count(tag.previous)}",
    )
