"""The window of a report: what is asked for, what follows from the newest event, its bins and its comparison."""

from datetime import UTC, datetime, timedelta

import pytest

from warehouse.reports.errors import CorrectTheWindow
from warehouse.reports.window import (
    Comparison,
    Window,
    choose_comparison,
    choose_window,
    describe_length,
    parse_time,
)
from warehouse.reports.words import duration, names, percent

NEWEST = datetime(2026, 3, 8, 12, 33, 20, tzinfo=UTC)
END = datetime(2026, 3, 8, 12, 34, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T06:00", datetime(2026, 3, 1, 6, tzinfo=UTC)),
        ("2026-03-01T06:00-03:00", datetime(2026, 3, 1, 9, tzinfo=UTC)),
        ("2026-03-01T06:00Z", datetime(2026, 3, 1, 6, tzinfo=UTC)),
    ],
)
def test_a_time_is_utc_unless_it_has_an_offset(text: str, moment: datetime) -> None:
    assert parse_time(text) == moment
    assert parse_time(text).tzinfo is UTC


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "0001-01-01T00:00+14:00"])
def test_another_text_is_one_sentence(text: str) -> None:
    with pytest.raises(CorrectTheWindow, match="is not a time like"):
        parse_time(text)


def test_without_bounds_it_is_the_day_up_to_the_minute_of_the_newest_event() -> None:
    assert choose_window(None, None, NEWEST) == Window(END - DAY, END)
    assert choose_window(END - 3 * DAY, None, NEWEST) == Window(END - 3 * DAY, END)
    assert choose_window(None, END - DAY, NEWEST) == Window(END - 2 * DAY, END - DAY)


@pytest.mark.parametrize("start", [END, END + DAY, END - timedelta(seconds=59)])
def test_a_window_without_a_minute_is_refused(start: datetime) -> None:
    with pytest.raises(CorrectTheWindow, match="correct --from or --to"):
        choose_window(start, END, NEWEST)


@pytest.mark.parametrize(("days", "name"), [(0.1, "5 minutes"), (1, "hour"), (8, "hour"), (30, "6 hours"), (90, "day")])
def test_bins_are_few_enough_to_be_seen(days: float, name: str) -> None:
    window = Window(END - days * DAY, END)
    bins = list(window.bins())
    assert window.step_name == name
    assert len(bins) <= 200
    assert bins[0] == window.start
    assert bins[-1] < window.end <= bins[-1] + window.step


def test_days_are_those_that_the_window_touches() -> None:
    whole = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC))
    assert (whole.first_day.day, whole.last_day.day) == (1, 2)


def test_a_trend_compares_with_the_time_before_the_window_if_there_is_data() -> None:
    window = Window(END - DAY, END)
    assert choose_comparison(window, END - 5 * DAY, NEWEST) == Comparison(END - 2 * DAY, END - DAY, END, True)
    assert choose_comparison(window, END - 5 * DAY, NEWEST).describe() == "the window with the 24 hours before it"


def test_a_trend_without_older_data_compares_two_halves_of_what_there_is() -> None:
    found = choose_comparison(Window(END - DAY, END), END - timedelta(hours=4), NEWEST)
    half = timedelta(hours=2)
    assert found == Comparison(END - 2 * half, END - half, END, False)
    assert "2 hours" in found.describe()


def test_time_after_the_newest_event_is_not_compared() -> None:
    found = choose_comparison(Window(END - DAY, END + DAY), END - 5 * DAY, NEWEST)
    assert found == Comparison(END - 2 * DAY, END - DAY, END, True)


def test_a_window_after_all_data_compares_nothing() -> None:
    found = choose_comparison(Window(END + DAY, END + 2 * DAY), END - DAY, NEWEST)
    assert found.recent_start == found.end


@pytest.mark.parametrize(
    ("minutes", "length", "words"),
    [(1, "minute", "1 min"), (60, "hour", "1 h"), (90, "90 minutes", "1 h 30 min"), (1440, "24 hours", "1 d")],
)
def test_lengths_in_words(minutes: int, length: str, words: str) -> None:
    assert describe_length(timedelta(minutes=minutes)) == length
    assert duration(timedelta(minutes=minutes)) == words


def test_lists_and_shares_in_words() -> None:
    assert [names(["a"]), names(["a", "b"]), names(["a", "b", "c"]), names(list("abcd"))] == [
        "a",
        "a and b",
        "a, b and c",
        "a, b, c and 1 more",
    ]
    assert [percent(1, 3), percent(1, 300), percent(1, 9000), percent(0, 5), percent(1, 0)] == [
        "33 %",
        "0.3 %",
        "less than 0.1 %",
        "0 %",
        "no share",
    ]
