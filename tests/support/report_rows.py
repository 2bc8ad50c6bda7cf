"""Hand-written rows of a report: a small day in which each kind of row occurs, with hostile texts among them."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from warehouse.reports import rows
from warehouse.reports.window import Comparison, Window

START = datetime(2026, 3, 7, 12, tzinfo=UTC)
END = START + timedelta(days=1)
WINDOW = Window(START, END)
KNOWN = rows.DataRange(START - timedelta(days=3), END - timedelta(seconds=20))
SCRIPT, FORMULA, MARKUP = "<script>alert(1)</script>", "=1+1", "</script><img src=x onerror=alert(1)>"


def hour(number: int) -> datetime:
    """The start of an hour of the window; 0 is the first."""
    return START + timedelta(hours=number)


def make_rows(**changes: Any) -> rows.ReportRows:
    """The day, with some fields replaced. No posts from hour 5 to 7, no readings for half an hour from hour 9 on."""
    comparison = Comparison(START - timedelta(days=1), START, END, True)
    day = rows.ReportRows(
        window=WINDOW,
        processed=WINDOW,
        comparison=comparison,
        hashtag_bins=tuple(rows.HashtagBin(hour(n), 10 + n, 3) for n in range(24) if n not in (5, 6)),
        hashtag_totals=(
            rows.HashtagTotal("rain", 300, 300, 100),
            rows.HashtagTotal(SCRIPT, 200, 200, 400),
            rows.HashtagTotal(FORMULA, 50, 50, 0),
        ),
        hashtag_lines=tuple(rows.HashtagLine("rain", hour(n), 5 + n) for n in range(24) if n not in (5, 6)),
        hashtag_pairs=(rows.HashtagPair("rain", SCRIPT, 7), rows.HashtagPair("rain", "sun", 3)),
        author_days=(rows.AuthorDay(date(2026, 3, 7), 90, 9, 40, 10), rows.AuthorDay(date(2026, 3, 8), 80, 8, 30, 1)),
        data_gaps=(
            rows.DataGap("posts", hour(5), hour(7)),
            rows.DataGap("readings", hour(9), hour(9) + timedelta(minutes=30)),
        ),
        machines=(
            rows.Machine("m-1", "lathe", "turning", "plant", START - timedelta(days=3), END),
            rows.Machine("m-2", None, None, None, hour(2), hour(20)),
            rows.Machine("m-3", "mill", "milling", "plant", None, None),
        ),
        shifts=(rows.Shift("early", time(6), time(14), "America/Sao_Paulo"),),
        freshness=(rows.Freshness("posts", END - timedelta(seconds=20), END, 20.0),),
        new_fields=(rows.NewField("readings", "humidity", START),),
        **_events(),
    )
    return replace(day, **changes)


def _events() -> dict[str, Any]:
    shift = ("early", date(2026, 3, 8), hour(21), hour(24))
    return {
        "movements": (
            make_movement((1, "Often"), (1, "Often"), 80),
            make_movement((1, "Often"), (2, MARKUP), 15),
            make_movement((2, MARKUP), None, 5),
            make_movement(None, (2, MARKUP), 4),
        ),
        "anomalies": (
            rows.Anomaly("m-1", "vibration_mm_s", "mm/s", "above limit", 12, hour(3), hour(4), 5.4, 4.5, 15, 12),
            rows.Anomaly("m-1", "power_kw", "kW", "unusually low", 3, hour(3), hour(4), 1.0, None, 15, 12),
        ),
        "utilisation": (
            rows.ShiftUse("m-1", "turning", "plant", *shift, 180, 180, 90),
            rows.ShiftUse("m-2", None, None, *shift, 180, 0, 0),
        ),
        "machine_gaps": (
            rows.MachineGap("m-1", hour(9), hour(9) + timedelta(minutes=30), 30, False),
            rows.MachineGap("m-2", hour(20), END, 240, True),
        ),
        "failures": (
            rows.Failure("m-1", "e-1", hour(1), hour(3), FORMULA),
            rows.Failure("m-1", "e-2", hour(10), None, MARKUP),
        ),
        "outcomes": tuple(
            rows.Outcome("posts", hour(n), outcome, records)
            for n in (1, 2)
            for outcome, records in (("silver", 96), ("late", 5), ("duplicate", 1), ("quarantine:malformed", 3))
        ),
        "latency": (
            rows.Latency("posts", hour(1), 60, 2.0, 3.5, 9.0),
            rows.Latency("posts", hour(4), 60, 2.5, 40.0, 60.0),
        ),
    }


def make_movement(before: tuple[int, str] | None, now: tuple[int, str] | None, authors: int) -> rows.Movement:
    """Authors who were in the segment `before` and are in the segment `now`; None: in none."""
    days = (date(2026, 3, 8), date(2026, 3, 7))
    return rows.Movement(*days, *(before or (None, None)), *(now or (None, None)), authors)
