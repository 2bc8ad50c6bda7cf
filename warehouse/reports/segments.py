"""Segments of authors: how many authors each has, and who moved between them since the assignment before."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from warehouse.reports import charts, words
from warehouse.reports.charts import Chart
from warehouse.reports.rows import Movement
from warehouse.reports.tables import Column, Table, make_table
from warehouse.reports.window import Window

NONE = "in no segment"
Segment = tuple[int, str]


def sizes_chart(rows: Sequence[Movement], window: Window) -> Chart:
    """Authors per segment on the newest day of assignment, and on the one before if there is one."""
    title = "Authors per segment"
    if not any(row.segment_id for row in rows):
        return charts.empty_chart(
            "segments", title, "No author had been assigned to a segment by the window's last day."
        )
    day, previous_day = _days(rows)
    now, before = _sizes(rows)
    segments = sorted(now.keys() | before.keys())
    traces = [charts.bars(f"{words.day(day)}", [now[segment] for segment in segments], charts.BLUE)]
    if previous_day:
        earlier = [before[segment] for segment in segments]
        traces.append(charts.bars(f"{words.day(previous_day)}", earlier, "#c9d1da", pattern="/"))
    axes = {"xaxis": charts.number_axis("authors"), "yaxis": charts.name_axis([name for _, name in segments])}
    figure = {"data": traces, "layout": charts.layout(110 + 38 * len(segments), showlegend=True, bargap=0.25, **axes)}
    return Chart("segments", title, _notice_sizes(now, before, day), figure, _sizes_table(rows), _age_note(day, window))


def movements_chart(rows: Sequence[Movement], window: Window) -> Chart:
    """A matrix of the authors that were in one segment before (rows) and in another now (columns)."""
    title = "Authors who changed segment (from row to column)"
    day, previous_day = _days(rows)
    if not any(row.segment_id for row in rows) or not previous_day:
        text = (
            "There is no earlier assignment to compare with."
            if day
            else "No author has been assigned to a segment yet."
        )
        return charts.empty_chart("movements", title, text)
    moved = {(_from(row), _to(row)): row.authors for row in rows}
    froms = sorted({pair[0] for pair in moved}, key=_last_if_none)
    tos = sorted({pair[1] for pair in moved}, key=_last_if_none)
    figure = _matrix(moved, froms, tos)
    changed = sorted(
        (row for row in rows if _from(row) != _to(row)), key=lambda row: (-row.authors, _from(row), _to(row))
    )
    columns = [f"Segment on {words.day(previous_day)}", f"Segment on {words.day(day)}", "Authors"]
    table = make_table(columns, [(_from(row)[1], _to(row)[1], row.authors) for row in changed])
    notes = (f"Compared: the assignments of {previous_day} and {day}. Boxes with = are authors who stayed.",)
    return Chart("movements", title, _notice_movements(rows, changed), figure, table, notes)


def _matrix(moved: dict[tuple[Segment, Segment], int], froms: list[Segment], tos: list[Segment]) -> charts.Figure:
    """Movement is coloured by its authors; those who stayed are not, as they are many more."""
    z = [[None if a == b else moved.get((a, b), 0) for b in tos] for a in froms]
    text = [[_box_text(moved.get((a, b), 0), a == b) for b in tos] for a in froms]
    axes = {
        "xaxis": charts.top_axis([_short(segment) for segment in tos]),
        "yaxis": charts.name_axis([f"{_short(segment)} {segment[1]}" if segment[0] else NONE for segment in froms]),
    }
    return {"data": [charts.heatmap(z, text)], "layout": charts.layout(90 + 46 * len(froms), **axes)}


def _box_text(authors: int, has_stayed: bool) -> str:
    return f"= {authors:,}" if has_stayed and authors else f"{authors:,}" if authors else ""


def _short(segment: Segment) -> str:
    return f"{segment[0]}." if segment[0] else "none"


def _days(rows: Sequence[Movement]) -> tuple[date | None, date | None]:
    return next(((row.day, row.previous_day) for row in rows), (None, None))


def _from(row: Movement) -> Segment:
    return row.previous_segment_id or 0, row.previous_segment or NONE


def _to(row: Movement) -> Segment:
    return row.segment_id or 0, row.segment or NONE


def _last_if_none(segment: Segment) -> tuple[bool, Segment]:
    return not segment[0], segment


def _sizes(rows: Sequence[Movement]) -> tuple[Counter[Segment], Counter[Segment]]:
    now: Counter[Segment] = Counter()
    before: Counter[Segment] = Counter()
    for row in rows:
        if row.segment_id:
            now[_to(row)] += row.authors
        if row.previous_segment_id:
            before[_from(row)] += row.authors
    return now, before


def _sizes_table(rows: Sequence[Movement]) -> Table:
    day, previous_day = _days(rows)
    now, before = _sizes(rows)
    joined: Counter[Segment] = Counter()
    left: Counter[Segment] = Counter()
    for row in rows:
        if previous_day and _from(row) != _to(row):
            joined[_to(row)] += row.authors
            left[_from(row)] += row.authors
    columns: list[Column | str] = [
        "Segment",
        f"Authors on {words.day(day)}" if day else "Authors",
        Column("Before", is_shown=False),
        "Joined",
        "Left",
    ]
    absent = None if previous_day is None else 0
    return make_table(
        columns,
        [
            (
                segment[1],
                now[segment],
                *((before[segment], joined[segment], left[segment]) if previous_day else 3 * [absent]),
            )
            for segment in sorted(now.keys() | before.keys())
        ],
    )


def _notice_sizes(now: Counter[Segment], before: Counter[Segment], day: date | None) -> str:
    total, (largest, authors) = sum(now.values()), max(now.items(), key=lambda item: (item[1], item[0]))
    start = f"The largest segment is “{largest[1]}” with {authors:,} of {words.count(total, 'author')}"
    if not before:
        return start + "."
    change = total - sum(before.values())
    if not change:
        return f"{start}; as many authors have a segment as before."
    return f"{start}; {abs(change):,} {'more' if change > 0 else 'fewer'} than before have a segment."


def _notice_movements(rows: Sequence[Movement], changed: Sequence[Movement]) -> str:
    moves = [row for row in changed if row.segment_id and row.previous_segment_id]
    both = sum(row.authors for row in rows if row.segment_id and row.previous_segment_id)
    if not moves:
        return f"None of the {both:,} authors with a segment on both days changed it."
    first, total = moves[0], sum(row.authors for row in moves)
    return (
        f"{words.count(total, 'author')} of {both:,} changed segment ({words.percent(total, both)}); most of them, "
        f"{first.authors:,}, from “{first.previous_segment}” to “{first.segment}”."
    )


def _age_note(day: date | None, window: Window) -> tuple[str, ...]:
    if day is None or day == window.last_day:
        return ()
    age = words.count((window.last_day - day).days, "day")
    return (f"The newest assignment is of {day}, {age} before the window's end.",)
