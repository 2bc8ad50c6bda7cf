"""Renders a snapshot: each section from exactly the rows that it depends on, so that unchanged sections are reused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from warehouse.dashboards.elements import to_json_tree
from warehouse.dashboards.live.figures import assign_line_styles, hashtag_chart
from warehouse.dashboards.live.hashtags import describe_hashtags, newest_minute, render_hashtags
from warehouse.dashboards.live.health import render_counts, render_empty, render_freshness
from warehouse.dashboards.live.machines import render_attention, render_machines
from warehouse.dashboards.live.rows import HashtagMinute, Snapshot

LineStyles = Mapping[str, int]
Render = Callable[[Snapshot, LineStyles], Any]
Rows = Callable[[Snapshot], Any]

# Section (the id of its place in the page) -> how it is rendered, and the rows that it is rendered from.
SECTIONS: Mapping[str, tuple[Render, Rows]] = {
    "empty": (lambda s, _: render_empty() if s.is_empty else None, lambda s: s.is_empty),
    "freshness": (lambda s, _: render_freshness(s.freshness), lambda s: s.freshness),
    "hashtags": (
        lambda s, styles: render_hashtags(s.top_hashtags, s.hashtag_minutes, styles, s.span_minutes),
        lambda s: (s.top_hashtags, s.hashtag_minutes, s.span_minutes),
    ),
    "chart-description": (lambda s, _: describe_hashtags(s.top_hashtags), lambda s: s.top_hashtags),
    "attention": (lambda s, _: render_attention(s.sensor_states), lambda s: s.sensor_states),
    "machines": (
        lambda s, _: render_machines(s.sensor_states, s.sensor_minutes),
        lambda s: (s.sensor_states, s.sensor_minutes),
    ),
    "counts": (lambda s, _: render_counts(s.outcome_counts), lambda s: s.outcome_counts),
}


@dataclass(frozen=True)
class RenderedPage:
    """A snapshot, its sections as JSON trees, its figure and the line style of each hashtag.

    `fingerprints`: section -> hash of its rows; a browser reports those that it shows and gets only what differs.
    """

    snapshot: Snapshot
    sections: Mapping[str, Any]
    figure: dict[str, Any] | None
    fingerprints: Mapping[str, str]
    styles: LineStyles


def render_page(snapshot: Snapshot, previous: RenderedPage | None) -> RenderedPage:
    """Renders the sections whose rows changed since `previous` and reuses the others; lines keep their styles."""
    styles = assign_line_styles([tag.hashtag for tag in snapshot.top_hashtags], previous.styles if previous else {})
    fingerprints = {name: str(hash(rows(snapshot))) for name, (_, rows) in SECTIONS.items()}
    kept = {name for name in SECTIONS if previous and previous.fingerprints[name] == fingerprints[name]}
    sections = {
        name: previous.sections[name] if previous and name in kept else to_json_tree(render(snapshot, styles))
        for name, (render, _) in SECTIONS.items()
    }
    return RenderedPage(snapshot, sections, _figure(snapshot.hashtag_minutes, styles), fingerprints, styles)


def _figure(rows: Sequence[HashtagMinute], styles: LineStyles) -> dict[str, Any] | None:
    newest = newest_minute(rows)
    return hashtag_chart(rows, styles, newest) if newest else None
