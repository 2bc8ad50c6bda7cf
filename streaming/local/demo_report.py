"""The report of a demo with --minutes: differences per check, and the run's figures beside their targets."""

import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.table import Table

from streaming.local.latency import Figures

_GIB = 1024**3


@dataclass(frozen=True)
class Targets:
    """What a run should reach on two cores with broker, database and generator on the same machine."""

    p50_seconds: float
    p99_seconds: float
    memory_gib: float


_AT_100, _AT_2000 = Targets(1.5, 4.0, 2.0), Targets(2.5, 8.0, 2.5)  # posts per second
_AT_2000_FROM = 500.0
_SLOPE = 0.01  # of the rate: a lag that grows more slowly is noise


def draw_checks(verdict: dict[str, Any]) -> Table:
    """One row per check; `verdict` is what `verify --json` prints."""
    table = Table("check", "rows", "differences", title="exact" if verdict["exact"] else "NOT exact")
    for check in verdict["checks"]:
        table.add_row(check["name"], str(check["rows"]), str(check["differences"]))
    return table


def draw_figures(figures: Figures, warm_up: timedelta, posts_per_second: float) -> Table:
    """One row per figure, with its target at that rate and whether it is met."""
    targets = _AT_2000 if posts_per_second >= _AT_2000_FROM else _AT_100
    title = f"sent -> in PostgreSQL, without the first {warm_up.total_seconds():.0f} s"
    table = Table("figure", "measured", "target", "met", title=title)

    def add(figure: str, value: float | None, target: float, shown: str, target_shown: str) -> None:
        met = "" if value is None else "yes" if value <= target else "no"
        table.add_row(figure, "unknown" if value is None else shown, target_shown, met)

    for latency in figures.latencies:
        for name, value, target in (
            (f"p50 of {latency.events}", latency.p50_seconds, targets.p50_seconds),
            ("p99", latency.p99_seconds, targets.p99_seconds),
        ):
            add(f"{latency.topic} visible after, {name}", value, target, f"{value:.2f} s", f"<= {target} s")
    slope, highest = figures.lag_slope_per_second, figures.lag_highest
    add("slope of the lag", slope, _SLOPE * posts_per_second, f"{slope or 0:+.2f} records/s", "not upward")
    table.add_row("highest lag", "unknown" if highest is None else f"{highest} records", "", "")
    memory = figures.driver_bytes / _GIB
    add(
        "driver and Python together, highest",
        memory,
        targets.memory_gib,
        f"{memory:.2f} GiB",
        f"<= {targets.memory_gib} GiB",
    )
    return table


def save_report(path: Path, verdict: dict[str, Any], figures: Figures) -> None:
    """Writes checks and figures as JSON, for comparing runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"exact": verdict["exact"], "checks": verdict["checks"], **asdict(figures)}, indent=1))
