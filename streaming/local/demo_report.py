"""The report of a demo with --minutes: differences per check, and the run's figures beside their targets."""

import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.table import Table

from streaming.local.latency import Figures

_GIB = 1024**3
_TARGETS = {"p50": 1.5, "p99": 4.0, "memory": 2.5}  # seconds, seconds, GiB; at 2 000 posts/s on two cores


def draw_checks(verdict: dict[str, Any]) -> Table:
    """One row per check; `verdict` is what `verify --json` prints."""
    table = Table("check", "rows", "differences", title="exact" if verdict["exact"] else "NOT exact")
    for check in verdict["checks"]:
        table.add_row(check["name"], str(check["rows"]), str(check["differences"]))
    return table


def draw_figures(figures: Figures, warm_up: timedelta) -> Table:
    """One row per figure, with its target."""
    title = f"sent -> in PostgreSQL, without the first {warm_up.total_seconds():.0f} s"
    table = Table("figure", "value", "target", title=title)
    for latency in figures.latencies:
        name = f"{latency.topic} visible after"
        table.add_row(f"{name}, p50 of {latency.events}", f"{latency.p50_seconds:.2f} s", f"<= {_TARGETS['p50']} s")
        table.add_row(f"{name}, p99", f"{latency.p99_seconds:.2f} s", f"<= {_TARGETS['p99']} s")
    slope, highest = figures.lag_slope_per_second, figures.lag_highest
    table.add_row("slope of the lag", "unknown" if slope is None else f"{slope:+.2f} records/s", "not upward")
    table.add_row("highest lag", "unknown" if highest is None else f"{highest} records", "")
    table.add_row(
        "driver and Python together, highest", f"{figures.driver_bytes / _GIB:.2f} GiB", f"<= {_TARGETS['memory']} GiB"
    )
    return table


def save_report(path: Path, verdict: dict[str, Any], figures: Figures) -> None:
    """Writes checks and figures as JSON, for comparing runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"exact": verdict["exact"], "checks": verdict["checks"], **asdict(figures)}, indent=1))
