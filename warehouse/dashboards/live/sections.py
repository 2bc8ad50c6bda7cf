"""From a snapshot to what the page shows: each section from exactly the rows it depends on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from warehouse.dashboards.elements import plain
from warehouse.dashboards.live.figures import assign_looks, hashtag_chart
from warehouse.dashboards.live.hashtags import describe_hashtags, newest_minute, render_hashtags
from warehouse.dashboards.live.health import render_counts, render_empty, render_freshness
from warehouse.dashboards.live.machines import render_attention, render_machines
from warehouse.dashboards.live.rows import HashtagMinute, Snapshot

Looks = Mapping[str, int]
Render = Callable[[Snapshot, Looks], Any]
Rows = Callable[[Snapshot], Any]

# Section (the id of its place in the page) -> how it is drawn, and the rows that it is drawn from.
SECTIONS: Mapping[str, tuple[Render, Rows]] = {
    "empty": (lambda s, _: render_empty() if s.is_empty else None, lambda s: s.is_empty),
    "freshness": (lambda s, _: render_freshness(s.freshness), lambda s: s.freshness),
    "hashtags": (
        lambda s, looks: render_hashtags(s.top_hashtags, s.hashtag_minutes, looks, s.span_minutes),
        lambda s: (s.top_hashtags, s.hashtag_minutes, s.span_minutes),
    ),
    "spoken": (lambda s, _: describe_hashtags(s.top_hashtags), lambda s: s.top_hashtags),
    "attention": (lambda s, _: render_attention(s.sensor_states), lambda s: s.sensor_states),
    "machines": (
        lambda s, _: render_machines(s.sensor_states, s.sensor_minutes),
        lambda s: (s.sensor_states, s.sensor_minutes),
    ),
    "counts": (lambda s, _: render_counts(s.outcome_counts), lambda s: s.outcome_counts),
}


@dataclass(frozen=True)
class Drawing:
    """One picture: snapshot, sections as plain trees, figure, and per section a mark that changes with its rows."""

    snapshot: Snapshot
    sections: Mapping[str, Any]
    figure: dict[str, Any] | None
    marks: Mapping[str, str]
    looks: Looks


def draw(snapshot: Snapshot, before: Drawing | None) -> Drawing:
    """Draws the sections whose rows changed and keeps the others; lines keep the looks they had."""
    looks = assign_looks([tag.hashtag for tag in snapshot.top_hashtags], before.looks if before else {})
    marks = {name: str(hash(rows(snapshot))) for name, (_, rows) in SECTIONS.items()}
    kept = {name for name in SECTIONS if before and before.marks[name] == marks[name]}
    sections = {
        name: before.sections[name] if before and name in kept else plain(render(snapshot, looks))
        for name, (render, _) in SECTIONS.items()
    }
    return Drawing(snapshot, sections, _figure(snapshot.hashtag_minutes, looks), marks, looks)


def _figure(rows: Sequence[HashtagMinute], looks: Looks) -> dict[str, Any] | None:
    newest = newest_minute(rows)
    return hashtag_chart(rows, looks, newest) if newest else None
