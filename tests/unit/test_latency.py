"""Latency, lag and memory of a run, from a journal and ledger rows written by hand."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from streaming.local.demo_report import draw_checks, draw_figures, save_report
from streaming.local.lag_sampler import Sample
from streaming.local.latency import Figures, Latency, compute_lag_slope, measure, read_latencies
from warehouse.database.connections import Connection

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Ledger:
    """Connection and cursor in one; the rows are (query, partition, to_offset, committed_at)."""

    def __init__(self, rows: Sequence[tuple[str, int, int, datetime]]) -> None:
        self.rows = list(rows)

    def cursor(self) -> "Ledger":
        return self

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def execute(self, *_: Any) -> None:
        return None

    def fetchall(self) -> list[tuple[str, int, int, datetime]]:
        return self.rows


def connect_to(*rows: tuple[str, int, int, datetime]) -> Connection:
    return cast("Connection", Ledger(rows))


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def write_journal(folder: Path, lines: Sequence[dict[str, Any]], name: str = "posts-0-1.jsonl") -> None:
    (folder / name).write_text("\n".join(json.dumps(line) for line in lines) + "\n")


def make_intent(number: int, seconds: float, verdict: str = "valid") -> dict[str, Any]:
    at = after(seconds).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"e": "intent", "n": number, "topic": "posts", "at": at, "verdict": verdict, "facts": {"tags": ["x"]}}


def make_ack(number: int, offset: int, partition: int = 0) -> dict[str, Any]:
    return {"e": "ack", "n": number, "partition": partition, "offset": offset, "kafka_ms": 0}


def test_an_event_is_visible_with_the_first_commit_that_covers_its_offset(tmp_path: Path) -> None:
    write_journal(tmp_path, [make_intent(0, 0), make_intent(1, 0), make_ack(0, 9), make_ack(1, 10)])
    ledger = connect_to(("posts", 0, 10, after(1)), ("posts", 0, 10, after(2)), ("posts", 0, 11, after(5)))
    (latency,) = read_latencies(tmp_path, ledger, NOON)
    assert (latency.topic, latency.events) == ("posts", 2)
    assert latency.p50_seconds == pytest.approx(3.0)  # offset 9 after 1 s, offset 10 after 5 s
    assert latency.p99_seconds == pytest.approx(4.96)


def test_partitions_and_files_are_not_mixed_up(tmp_path: Path) -> None:
    write_journal(tmp_path, [make_intent(0, 0), make_ack(0, 5, partition=0)])
    write_journal(tmp_path, [make_intent(0, 0), make_ack(0, 5, partition=1)], "posts-1-1.jsonl")
    ledger = connect_to(("posts", 0, 6, after(1)), ("posts", 1, 6, after(3)), ("readings", 0, 6, after(0)))
    (latency,) = read_latencies(tmp_path, ledger, NOON)
    assert (latency.events, latency.p50_seconds) == (2, pytest.approx(2.0))


def test_malformed_early_and_unacknowledged_events_do_not_count(tmp_path: Path) -> None:
    lines = [
        make_intent(0, -1),
        make_intent(1, 0, "malformed"),
        make_intent(2, 0),
        make_intent(3, 0),
        make_ack(0, 0),
        make_ack(1, 1),
        make_ack(2, 2),
    ]
    write_journal(tmp_path, lines)
    (latency,) = read_latencies(tmp_path, connect_to(("posts", 0, 9, after(1))), NOON)
    assert latency.events == 1


def test_the_incomplete_last_line_of_a_killed_producer_is_skipped(tmp_path: Path) -> None:
    write_journal(tmp_path, [make_intent(0, 0), make_ack(0, 0)])
    with next(tmp_path.glob("*.jsonl")).open("a") as file:
        file.write('{"e":"inte')
    (latency,) = read_latencies(tmp_path, connect_to(("posts", 0, 9, after(1))), NOON)
    assert latency.events == 1


def test_without_a_journal_there_are_no_latencies(tmp_path: Path) -> None:
    assert read_latencies(tmp_path, connect_to(), NOON) == []


def make_samples(*lags: int | None) -> list[Sample]:
    return [Sample(NOON.timestamp() + second, lag, 1000 * second) for second, lag in enumerate(lags)]


def test_the_slope_of_the_lag() -> None:
    assert compute_lag_slope(make_samples(0, 10, 20, None, 40)) == pytest.approx(10.0)
    assert compute_lag_slope(make_samples(7, 7, 7)) == pytest.approx(0.0)
    assert compute_lag_slope(make_samples(1, None, 2)) is None


def test_figures_leave_out_the_warm_up_but_not_its_memory(tmp_path: Path) -> None:
    samples = make_samples(900, 500, 5, 5, 6, 5000)
    figures = measure(tmp_path, connect_to(), samples, (after(2), after(4).timestamp()))
    assert figures.lag_highest == 6
    assert figures.lag_slope_per_second == pytest.approx(0.5)
    assert figures.driver_bytes == 5000


def test_the_report_keeps_what_the_tables_show(tmp_path: Path) -> None:
    figures = Figures([], None, None, 2**30)
    verdict = {"exact": False, "checks": [{"name": "bronze_once", "rows": 3, "differences": 1}]}
    save_report(tmp_path / "new" / "report.json", verdict, figures)
    saved = json.loads((tmp_path / "new" / "report.json").read_text())
    assert (saved["exact"], saved["checks"], saved["driver_bytes"]) == (False, verdict["checks"], 2**30)
    assert draw_checks(verdict).title == "NOT exact"
    assert list(draw_figures(figures, timedelta(seconds=30), 100).columns[1].cells) == [
        "unknown",
        "unknown",
        "1.00 GiB",
    ]


def test_the_demo_says_which_targets_are_met() -> None:
    figures = Figures([Latency("posts", 9, 1.6, 3.9)], 1.5, 7, 2 * 2**30)
    at_100, at_2000 = (
        list(draw_figures(figures, timedelta(seconds=30), rate).columns[3].cells) for rate in (100, 2000)
    )
    assert at_100 == ["no", "yes", "no", "", "yes"]
    assert at_2000 == ["yes", "yes", "yes", "", "yes"]
