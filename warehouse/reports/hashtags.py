"""Hashtag trends: the most used, the five first over time, those that rise, and pairs in one post."""

from collections.abc import Sequence
from typing import Any

from warehouse.dashboards.labels import hashtag_label
from warehouse.reports import charts, words
from warehouse.reports.charts import Chart
from warehouse.reports.rows import DataGap, HashtagLine, HashtagPair, HashtagTotal
from warehouse.reports.tables import Column, make_table
from warehouse.reports.window import Comparison, Window

SHOWN = 10
LEAST_POSTS = 20  # in the recent period: fewer would make a trend of a handful of posts


def top_chart(rows: Sequence[HashtagTotal]) -> Chart:
    """Posts in the window of the ten most used hashtags."""
    title = "Most used hashtags (posts)"
    if not rows:
        return charts.empty_chart("top", title, "No hashtag was used in the window.")
    tags = [hashtag_label(row.hashtag) for row in rows]
    total = sum(row.posts for row in rows)
    figure = _bar_figure(tags[:SHOWN], [charts.bars("posts", [row.posts for row in rows[:SHOWN]], charts.BLUE)])
    table = make_table(
        ["Rank", "Hashtag", "Posts", Column("Share of all uses (%)")],
        [
            (rank, tag, row.posts, 100 * row.posts / total)
            for rank, (tag, row) in enumerate(zip(tags, rows, strict=True), start=1)
        ],
    )
    notice = (
        f"{tags[0]} leads with {words.count(rows[0].posts, 'post')}, {words.percent(rows[0].posts, total)} "
        f"of all uses of {words.count(len(rows), 'hashtag')}."
    )
    return Chart("top", title, notice, figure, table)


def lines_chart(
    totals: Sequence[HashtagTotal], lines: Sequence[HashtagLine], gaps: Sequence[DataGap], window: Window
) -> Chart:
    """Posts per bin of the most used hashtags; a bin without posts is zero, a gap of all posts interrupts the lines."""
    title = f"The most used hashtags over time (posts per {window.step_name})"
    shown = [row.hashtag for row in totals if any(line.hashtag == row.hashtag for line in lines)]
    if not shown:
        return charts.empty_chart("lines", title, "No hashtag was used in the window.")
    posts = {(row.hashtag, row.starts_at): row.posts for row in lines}
    with_data = {at for _, at in posts}
    bins = list(window.bins())
    values = {tag: [posts.get((tag, at), 0) if at in with_data else None for at in bins] for tag in shown}
    traces = [charts.line(charts.label(hashtag_label(tag)), bins, values[tag], n) for n, tag in enumerate(shown)]
    figure = {
        "data": traces,
        "layout": charts.layout(
            340,
            showlegend=True,
            xaxis=charts.time_axis(window),
            yaxis=charts.number_axis(f"posts per {window.step_name}"),
            shapes=charts.shade(words.stretches(gaps, "posts")),
        ),
    }
    peak = max(lines, key=lambda row: row.posts)
    notice = (
        f"The highest peak is {hashtag_label(peak.hashtag)} with {words.count(peak.posts, 'post')} in the "
        f"{window.step_name} from {words.short(peak.starts_at)} UTC."
    )
    columns = [f"{window.step_name.capitalize()} from (UTC)", *map(hashtag_label, shown)]
    table = make_table(columns, charts.newest_first(bins, [values[tag] for tag in shown]))
    return Chart("lines", title, notice, figure, table, words.gap_note(gaps, "posts", window))


def rising_chart(rows: Sequence[HashtagTotal], comparison: Comparison) -> Chart:
    """Hashtags by growth between the two periods of the comparison, which are equally long."""
    title = "Rising hashtags (posts, now and before)"
    compared = sorted((row for row in rows if row.recent >= LEAST_POSTS), key=_by_growth)
    rising = [row for row in compared if row.recent > row.previous]
    notes = (f"Compared: {comparison.describe()}. Hashtags with fewer than {LEAST_POSTS} posts are left out.",)
    if not any(row.previous for row in rows):
        return charts.empty_chart("rising", title, "There is no earlier data to compare with.", notes)
    if not rising:
        return charts.empty_chart("rising", title, "No hashtag was used more than in the period before.", notes)
    shown = rising[:SHOWN]
    figure = _bar_figure(
        [hashtag_label(row.hashtag) for row in shown],
        [
            charts.bars("now", [row.recent for row in shown], charts.BLUE),
            charts.bars("before", [row.previous for row in shown], "#c9d1da", pattern="/"),
        ],
        showlegend=True,
        barmode="group",
        bargap=0.25,
        height=110 + 28 * len(shown),
    )
    table = make_table(
        ["Hashtag", "Now", "Before", "Growth (times)"],
        [(hashtag_label(row.hashtag), row.recent, row.previous, _growth(row)) for row in compared],
    )
    return Chart("rising", title, _notice_rising(rising), figure, table, notes)


def pairs_chart(rows: Sequence[HashtagPair], window: Window) -> Chart:
    """The ten pairs of hashtags that most posts carry together."""
    title = "Hashtags used together (posts with both)"
    if not rows:
        return charts.empty_chart("pairs", title, "No post of the window carries two hashtags.")
    pairs = [f"{hashtag_label(row.hashtag_a)} {hashtag_label(row.hashtag_b)}" for row in rows[:SHOWN]]
    figure = _bar_figure(pairs, [charts.bars("posts", [row.posts for row in rows[:SHOWN]], charts.GREEN)])
    table = make_table(
        ["First hashtag", "Second hashtag", "Posts with both"],
        [(hashtag_label(row.hashtag_a), hashtag_label(row.hashtag_b), row.posts) for row in rows],
    )
    first = rows[0]
    notice = (
        f"{hashtag_label(first.hashtag_a)} and {hashtag_label(first.hashtag_b)} appear together most often, "
        f"in {words.count(first.posts, 'post')}; {words.count(len(rows), 'pair')} were used."
    )
    return Chart("pairs", title, notice, figure, table, _hours_note(window))


def _bar_figure(names: Sequence[str], traces: list[charts.Figure], **more: Any) -> charts.Figure:
    axes = {"xaxis": charts.number_axis("posts"), "yaxis": charts.name_axis(names)}
    return {"data": traces, "layout": charts.layout(**{"height": 100 + 28 * len(names), **axes, **more})}


def _by_growth(row: HashtagTotal) -> tuple[float, str]:
    """One post is added on both sides, so that a tag without posts before can be ranked, too."""
    return -(row.recent + 1) / (row.previous + 1), row.hashtag


def _growth(row: HashtagTotal) -> float | str:
    return round(row.recent / row.previous, 1) if row.previous else "new"


def _notice_rising(rising: Sequence[HashtagTotal]) -> str:
    first = rising[0]
    before = f"after {first.previous:,} before" if first.previous else "after none before"
    return (
        f"{hashtag_label(first.hashtag)} rose most: {words.count(first.recent, 'post')} {before}; "
        f"{words.count(len(rising), 'hashtag')} rose in all."
    )


def _hours_note(window: Window) -> tuple[str, ...]:
    if not window.start.minute and not window.end.minute:
        return ()
    return ("Pairs are counted per whole hour: the hours that begin in the window.",)
