"""What happened in the window: uses of hashtags over time, posts and authors per day."""

from collections.abc import Sequence
from datetime import datetime

from warehouse.reports import charts, words
from warehouse.reports.charts import Chart
from warehouse.reports.rows import AuthorDay, DataGap, HashtagBin
from warehouse.reports.tables import Column, make_table
from warehouse.reports.window import Window

USES = "Posts are counted by hashtag: one with two hashtags counts twice, one without is not counted."


def uses_chart(rows: Sequence[HashtagBin], gaps: Sequence[DataGap], window: Window) -> Chart:
    """Uses of hashtags per bin; a bin without any is empty, and grey where no minute of ten or more had one."""
    title = f"Posts by hashtag per {window.step_name} (uses of hashtags)"
    notes = (USES, *words.gap_note(gaps, "posts", window), *_cut_note(window))
    if not rows:
        return charts.empty_chart("uses", title, "No post with a hashtag was written in the window.", notes)
    found = {row.starts_at: row for row in rows}
    bins = list(window.bins())
    uses = [found[at].uses if at in found else None for at in bins]
    figure = {
        "data": [_bin_bars("posts by hashtag", window, bins, uses)],
        "layout": charts.layout(
            300,
            xaxis=charts.time_axis(window),
            yaxis=charts.number_axis(f"uses per {window.step_name}"),
            shapes=charts.shade(words.stretches(gaps, "posts")),
        ),
    }
    table = make_table(
        [f"{window.step_name.capitalize()} from (UTC)", "Uses of hashtags", "Different hashtags"],
        charts.newest_first(bins, [uses, [found[at].hashtags if at in found else None for at in bins]]),
    )
    return Chart("uses", title, _notice_uses(rows, window), figure, table, notes)


def authors_chart(rows: Sequence[AuthorDay], window: Window) -> Chart:
    """Authors per UTC day, those who were new that day apart; days are counted whole."""
    title = "Authors who posted, per day (UTC)"
    if not rows:
        return charts.empty_chart("authors", title, "No author posted on the days of the window.")
    known = [row.authors - row.new_authors for row in rows]
    figure = {
        "data": [
            charts.bars("known before", known, charts.BLUE),
            charts.bars("first post that day", [row.new_authors for row in rows], charts.ORANGE, pattern="/"),
        ],
        "layout": charts.layout(
            100 + 34 * len(rows),
            barmode="stack",
            showlegend=True,
            xaxis=charts.number_axis("authors"),
            yaxis=charts.name_axis([words.day(row.day) for row in rows]),
        ),
    }
    columns: list[Column | str] = [
        "Day (UTC)",
        "Authors",
        "New authors",
        "Posts",
        Column("Replies among them", is_shown=False),
    ]
    table = make_table(columns, [(row.day, row.authors, row.new_authors, row.posts, row.replies) for row in rows])
    return Chart("authors", title, _notice_authors(rows), figure, table, _whole_days_note(window))


def _bin_bars(name: str, window: Window, bins: Sequence[datetime], values: Sequence[int | None]) -> charts.Figure:
    width = window.step.total_seconds() * 1000
    return {**charts.columns(name, bins, values, charts.BLUE), "width": 0.86 * width}


def _notice_uses(rows: Sequence[HashtagBin], window: Window) -> str:
    total, busiest = sum(row.uses for row in rows), max(rows, key=lambda row: row.uses)
    times = busiest.uses * len(rows) / total
    start = words.short(busiest.starts_at)
    return (
        f"Hashtags were used {total:,} times; the busiest {window.step_name} began on {start} UTC with "
        f"{busiest.uses:,}, {times:.1f} times the average."
    )


def _notice_authors(rows: Sequence[AuthorDay]) -> str:
    newest = rows[-1]
    authors, posts = words.count(newest.authors, "author"), words.count(newest.posts, "post")
    return (
        f"On {words.day(newest.day)} {authors} wrote {posts}; {newest.new_authors:,} of them had never posted before."
    )


def _whole_days_note(window: Window) -> tuple[str, ...]:
    is_whole = all(edge.hour == edge.minute == 0 for edge in (window.start, window.end))
    return () if is_whole else ("Days are counted whole, with their hours before and after the window.",)


def _cut_note(window: Window) -> tuple[str, ...]:
    if not window.length % window.step:
        return ()
    *_, last = window.bins()
    return (f"The last bar is only {words.duration(window.end - last)} long: the window ends there.",)
