"""Figures, sparklines and labels of the page, from hand-written rows."""

from datetime import UTC, datetime, timedelta

import plotly.graph_objects as go
import pytest

from warehouse.dashboards import labels
from warehouse.dashboards.live import sparklines
from warehouse.dashboards.live.figures import LINE_STYLES, assign_line_styles, hashtag_chart, plot_text, round_up
from warehouse.dashboards.live.rows import HashtagMinute

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def minute(back: int) -> datetime:
    return NOON - timedelta(minutes=back)


def test_a_minute_without_posts_is_drawn_as_zero() -> None:
    rows = [HashtagMinute("rain", minute(0), 4), HashtagMinute("rain", minute(2), 7)]

    line = hashtag_chart(rows, {"rain": 0}, NOON)["data"][0]

    assert line["y"][-4:] == [7, 0, None, 4]


def test_the_incomplete_minute_is_separate_from_the_line() -> None:
    line = hashtag_chart([HashtagMinute("rain", minute(0), 4)], {"rain": 0}, NOON)["data"][0]

    assert line["y"][-2] is None
    assert line["x"][-1] == NOON.isoformat()
    assert line["marker"]["size"][-1] > 0
    assert set(line["marker"]["size"][:-1]) == {0}


def test_traces_keep_their_number_order_and_style() -> None:
    few = hashtag_chart([HashtagMinute("a", NOON, 1)], {"a": 3}, NOON)["data"]
    none = hashtag_chart([], {}, None)["data"]

    assert [trace["line"]["color"] for trace in few] == [colour for colour, _, _ in LINE_STYLES]
    assert [trace["line"]["color"] for trace in none] == [colour for colour, _, _ in LINE_STYLES]
    assert [bool(trace["x"]) for trace in few] == [False, False, False, True, False]


def test_without_data_no_tick_distance_is_set() -> None:
    """Without data Plotly chooses an axis of a whole year; ten-minute ticks over it freeze a browser."""
    assert "dtick" not in hashtag_chart([], {}, None)["layout"]["xaxis"]


def test_plotly_accepts_the_figure() -> None:
    figure = go.Figure(hashtag_chart([HashtagMinute("a", NOON, 1)], {"a": 0}, NOON))

    assert figure.layout.uirevision == "constant"
    assert figure.layout.yaxis.range == (0, 6)


@pytest.mark.parametrize(
    ("highest", "top"),
    [
        (0, 6),
        (6, 6),
        (7, 8),
        (11, 20),
        (131, 200),
        (299, 300),
        (90_001, 100_000),
    ],
)
def test_the_axis_ends_at_a_round_number(highest: int, top: int) -> None:
    assert round_up(highest) == top


def test_a_hashtag_keeps_its_line_style_when_ranks_change() -> None:
    first = assign_line_styles(["a", "b", "c", "d", "e", "f"], {})
    second = assign_line_styles(["f", "c", "a", "b", "g"], first)

    assert first == {"a": 0, "b": 1, "c": 2, "d": 3, "e": 4}
    assert second == {"f": 3, "c": 2, "a": 0, "b": 1, "g": 4}


def test_plotly_gets_no_markup_from_a_hashtag() -> None:
    text = plot_text('#<a href="https://example.org">x</a>')

    assert "<" not in text
    assert text.startswith("\u2068")
    assert text.endswith("\u2069")


@pytest.mark.parametrize(
    ("hashtag", "label"),
    [
        ("rain", "#rain"),
        ("<script>alert(1)</script>", "#<script>alert(1)</script>"),
        ("\u202egnal", "#gnal"),
        ("a\n\tb", "#a b"),
        ("\u200b\u200b", "#U+200B U+200B"),
        ("مرحبا", "#مرحبا"),
        ("👩‍👧", "#👩‍👧"),
    ],
)
def test_hashtag_labels_are_visible_and_cannot_change_the_text_direction(hashtag: str, label: str) -> None:
    assert labels.hashtag_label(hashtag) == label


@pytest.mark.parametrize(
    ("recent", "previous", "direction", "short"),
    [
        (0, 0, "none", labels.DASH),
        (3, 0, "new", "new"),
        (140, 100, "up", "+40 %"),
        (104, 100, "steady", "steady"),
        (60, 100, "down", f"{labels.MINUS}40 %"),
        (0, 5, "down", f"{labels.MINUS}100 %"),
        (250, 100, "up", f"{labels.TIMES}2.5"),
        (1200, 100, "up", f"{labels.TIMES}12"),
    ],
)
def test_trend_labels(recent: int, previous: int, direction: str, short: str) -> None:
    assert labels.describe_trend(recent, previous)[:2] == (direction, short)


def test_a_missing_minute_breaks_the_sparkline() -> None:
    whole = sparklines.line([1.0, 2.0, 3.0], None, None)
    broken = sparklines.line([1.0, 2.0, None, 3.0], None, None)

    assert whole.count("<polyline") == 1
    assert broken.count("<polyline") == 2


def test_the_sparkline_shows_the_band_and_only_limits_nearby() -> None:
    near = sparklines.line([5.0, 6.0], (4.0, 7.0), (0.0, 7.1))
    far = sparklines.line([5.0, 6.0], (4.0, 7.0), (0.0, 900.0))

    assert near.count("<rect") == far.count("<rect") == 1
    assert near.count("stroke-dasharray") == 1
    assert far.count("stroke-dasharray") == 0


def test_a_value_out_of_limits_has_another_symbol() -> None:
    assert "<circle" in sparklines.line([5.0], None, (0.0, 6.0))
    assert "<circle" not in sparklines.line([6.1], None, (0.0, 6.0))


@pytest.mark.parametrize(
    "image",
    [
        sparklines.line([], None, None),
        sparklines.line([None, None], (1.0, 2.0), None),
        sparklines.line([4.0, 4.0], None, None),
        sparklines.bars([]),
        sparklines.bars([0, 0, 3]),
    ],
)
def test_sparklines_are_complete_urls_whatever_the_values(image: str) -> None:
    assert image.startswith("data:image/svg+xml,<svg ")
    assert image.endswith("</svg>")
    assert "#" not in image
    assert "nan" not in image
