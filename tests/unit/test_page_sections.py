"""Content of the page's sections, rendered from hand-written rows."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dash import html, no_update
from dash.development.base_component import Component
from plotly.utils import PlotlyJSONEncoder

from warehouse.dashboards.app import answer
from warehouse.dashboards.elements import hyphenated, to_json_tree
from warehouse.dashboards.live.hashtags import render_hashtags
from warehouse.dashboards.live.health import render_banner, render_counts, render_freshness
from warehouse.dashboards.live.machine_status import classify_machine, classify_sensor
from warehouse.dashboards.live.machines import render_attention, render_machines
from warehouse.dashboards.live.rows import (
    Freshness,
    HashtagMinute,
    OutcomeCount,
    SensorMinute,
    SensorState,
    Snapshot,
    TopHashtag,
)
from warehouse.dashboards.live.sections import SECTIONS, render_page
from warehouse.dashboards.refresh_cache import CachedValue

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def text_of(component: Any) -> str:
    """All text of a component tree, in order."""
    return " ".join(_texts(component))


def _texts(component: Any) -> Iterator[str]:
    if isinstance(component, str):
        yield component
    elif isinstance(component, list | tuple):
        for child in component:
            yield from _texts(child)
    elif isinstance(component, Component):
        yield from _texts(getattr(component, "children", None))


def sensor(average: float = 60, machine_id: str = "m-1", minute: datetime = NOON, **changes: Any) -> SensorState:
    values: dict[str, Any] = {"normal_low": 50, "normal_high": 70, "limit_low": 5, "limit_high": 85, **changes}
    return SensorState(machine_id, "lathe", "temperature_c", "°C", minute, average, **values)


@pytest.mark.parametrize(
    ("sensor_state", "expected"),
    [
        (sensor(60), "normal"),
        (sensor(85), "unusual"),
        (sensor(85.1), "above"),
        (sensor(4.9), "below"),
        (sensor(49), "unusual"),
        (sensor(49, normal_low=None), "normal"),
        (sensor(900, limit_high=None, normal_high=None), "normal"),
    ],
)
def test_a_sensor_is_classified_by_its_limits_then_by_its_band(sensor_state: SensorState, expected: str) -> None:
    assert classify_sensor(sensor_state) == expected


def test_a_machine_is_silent_only_if_others_have_newer_data() -> None:
    old = NOON - timedelta(minutes=4)

    assert classify_machine([sensor(minute=old)], newest=NOON) == "silent"
    assert classify_machine([sensor(minute=old)], newest=old) == "normal"
    assert classify_machine([sensor(60), sensor(99)], newest=NOON) == "above"


def test_attention_names_the_machines_that_are_not_normal() -> None:
    silent = sensor(machine_id="m-3", minute=NOON - timedelta(hours=1))
    states = [sensor(machine_id="m-1"), sensor(99, machine_id="m-2"), silent]

    text = text_of(render_attention(states))

    assert "2 of 3 machines need attention" in text
    assert "m-2 : temperature above limit" in text
    assert "m-3 : no data since 11:00" in text
    assert "m-1" not in text
    assert "All 1 machines" in text_of(render_attention(states[:1]))


def test_a_card_shows_the_newest_value_its_unit_and_its_normal_range() -> None:
    cards = render_machines([sensor(61.25)], [SensorMinute("m-1", "temperature_c", NOON, 61.25)])
    text = text_of(cards)
    markup = json.dumps(cards, cls=PlotlyJSONEncoder, ensure_ascii=False)

    assert "Temperature" in text
    assert "61.2" in text
    assert "°C" in text
    assert "Normal: 50.0 to 70.0 °C. Limits: 5.0 to 85.0 °C." in markup


def test_cards_stay_in_the_order_of_their_names() -> None:
    cards = render_machines([sensor(99, machine_id="m-2"), sensor(machine_id="m-1")], [])

    assert [card.id for card in cards.children] == ["machine-m_2d1", "machine-m_2d2"]


def test_hostile_hashtags_stay_text() -> None:
    hostile = "<script>document.title='x'</script>"
    table = render_hashtags([TopHashtag(hostile, 3, 2, 1, 5)], [HashtagMinute(hostile, NOON, 3)], {hostile: 0}, 10)

    assert f"#{hostile}" in text_of(table)
    assert "Markdown" not in json.dumps(table, cls=PlotlyJSONEncoder)  # nothing here reads markup
    assert "dangerously" not in json.dumps(table, cls=PlotlyJSONEncoder)


def test_the_trend_waits_for_whole_minutes() -> None:
    early = text_of(render_hashtags([TopHashtag("a", 3, 0, 0, 0)], [HashtagMinute("a", NOON, 3)], {}, 10))
    later = text_of(render_hashtags([TopHashtag("a", 3, 3, 2, 5)], [HashtagMinute("a", NOON, 3)], {}, 10))

    assert "needs two whole minutes" in early
    assert "last whole 5 minutes compared with the 5 minutes before" in later
    assert "+50 %" in later


def test_an_age_is_computed_from_the_event_time_not_from_the_refresh() -> None:
    tiles = render_freshness([Freshness("posts", NOON)])

    markup = json.dumps(tiles, cls=PlotlyJSONEncoder)
    assert f'"data-at": "{int(NOON.timestamp() * 1000)}"' in markup
    assert "newest event 2026-03-01 12:00:00 UTC" in text_of(tiles)
    assert text_of(tiles).count("no data yet") == 2


def test_quarantined_records_are_counted_per_rule() -> None:
    outcomes = {
        "silver": 1000,
        "duplicate": 20,
        "late": 7,
        "quarantine:malformed": 3,
        "quarantine:brand_new_rule": 40,
        "warned:future_time": 5,
    }
    counts = [OutcomeCount("posts", outcome, rows) for outcome, rows in outcomes.items()]

    text = text_of(render_counts(counts))

    for words in ("1,000", " 20 ", " 7 ", " 43 ", "Brand new rule 40, unreadable 3", "time in the future 5"):
        assert words in text


def test_the_banner_shows_the_age_of_the_data() -> None:
    assert render_banner(None, NOON) is None
    assert "last data that was read" in text_of(render_banner("The database is not answering.", NOON))
    assert "no data to show yet" in text_of(render_banner("The database is not answering.", None))


def test_only_changed_sections_are_rendered_and_sent() -> None:
    one = Snapshot(NOON, 10, freshness=(Freshness("posts", NOON),), top_hashtags=(TopHashtag("a", 1, 0, 0, 0),))
    two = replace(one, freshness=(Freshness("posts", NOON + timedelta(seconds=1)),))
    first = render_page(one, None)
    second = render_page(two, first)

    sent = answer(CachedValue(second, None), {**first.fingerprints, "chart": "shown"})
    sent_at_first = answer(CachedValue(second, None), {})

    assert second.sections["hashtags"] is first.sections["hashtags"]
    assert set(sent["sections"]) == {"freshness", "banner"}
    assert sent["figure"] is no_update
    assert set(sent_at_first["sections"]) == {*SECTIONS, "banner"}
    assert sent_at_first["figure"] is not no_update


def test_a_browser_that_has_the_sections_still_gets_the_chart() -> None:
    row = HashtagMinute("a", NOON, 1)
    rendered = render_page(
        Snapshot(NOON, 10, top_hashtags=(TopHashtag("a", 1, 0, 0, 0),), hashtag_minutes=(row,)), None
    )

    first = answer(CachedValue(rendered, None), rendered.fingerprints)
    second = answer(CachedValue(rendered, None), first["fingerprints"])

    assert first["figure"] == rendered.figure
    assert second["figure"] is no_update


def test_without_any_data_only_the_banner_is_sent() -> None:
    sent = answer(CachedValue(None, "The database is not answering."), {})

    assert set(sent["sections"]) == {"banner"}
    assert sent["figure"] is sent["fingerprints"] is no_update
    assert "not answering" in json.dumps(sent["sections"])


def test_a_section_may_not_set_attributes_that_could_run_scripts() -> None:
    assert to_json_tree(
        html.P(["a", html.B("<b>")], className="x", style={"color": "red"}, **hyphenated(aria_hidden="true"))
    ) == {
        "tag": "p",
        "attributes": {"class": "x", "aria-hidden": "true"},
        "color": "red",
        "children": ["a", {"tag": "b", "attributes": {}, "color": "", "children": ["<b>"]}],
    }
    with pytest.raises(ValueError, match="may not set"):
        to_json_tree(html.Iframe(srcDoc="<script>"))
