"""Prove every number: recount the journal and the lake and compare them with silver, gold and PostgreSQL, row by row.

Works beside a running stream (on versions that belong together) and after it. Without a journal the lake proves itself.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from jobs.cli import parse, run
from jobs.settings import Settings, load_quality
from warehouse.database.connections import role_url
from warehouse.errors import WarehouseError
from warehouse.verification import Check, Inputs, Limits, PostgresFacts, Report, VerificationError, verify

GROUP = "prove"
IMPOSSIBLE = 2
"""Exit code where nothing could be compared."""


def main(argv: Sequence[str] | None = None) -> int:
    """0: everything is equal; 1: something differs; 2: nothing could be compared."""
    parser = argparse.ArgumentParser(
        prog="verify",
        description=__doc__,
        epilog="Exit code 0: every number is equal; 1: something differs, the first rows are printed; "
        "2: nothing could be compared (no lake, no database).",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help='one JSON object: {"exact": true, "checks": [{"name", "rows", "differences"}], ...}',
    )
    parser.add_argument(
        "--drained",
        action="store_true",
        help="the stream has been drained: a record that still waits somewhere is a difference too",
    )
    arguments, settings = parse(parser, argv)
    messages = Console(stderr=True, highlight=False)
    try:
        with messages.status("recounting ..."):
            facts = PostgresFacts(role_url(settings.postgres, "owner"))
            report = verify(make_inputs(settings, arguments.drained), facts)
    except (VerificationError, WarehouseError) as error:
        messages.print(str(error), markup=False, soft_wrap=True)
        return IMPOSSIBLE
    if arguments.json:
        sys.stdout.write(json.dumps(report.to_json()) + "\n")
    else:
        show(report, Console(highlight=False))
    return 0 if report.is_exact else 1


def make_inputs(settings: Settings, is_drained: bool) -> Inputs:
    """Settings as the plain values that the recount knows."""
    quality, queries = load_quality(), settings.stream.queries
    limits = Limits(
        max_lengths=quality.max_lengths,
        sensor_limits=quality.sensor_limits,
        earliest=quality.earliest.isoformat(),
        tolerance_seconds=quality.tolerance_minutes * 60,
        late_seconds=quality.late_seconds,
        warning=frozenset(rule for rule, action in quality.actions.items() if action == "warn"),
    )
    return Inputs(
        lake=settings.lake.path,
        key_file=settings.postgres.secrets / "pseudonym.key",
        limits=limits,
        horizons={name: query.horizon_seconds for name, query in queries.items() if query.horizon_seconds},
        journal=settings.generator.journal,
        drained=is_drained,
        workers=os.cpu_count() or 1,
        temporary=settings.var,
    )


def show(report: Report, console: Console) -> None:
    """A table of the checks, what was left out, and the first rows of each difference."""
    table = Table("check", box=None)
    table.add_column("rows", justify="right")
    table.add_column("differences", justify="right")
    for check in report.checks:
        table.add_row(check.name, f"{check.rows:,}", f"{check.differences:,}", style="red" if check.differences else "")
    console.print(table)
    outside = ", ".join(f"{name.replace('_', ' ')} {rows:,}" for name, rows in report.outside.items() if rows)
    console.print(f"outside the comparison: {outside or 'nothing'}")
    for check in report.checks:
        if check.differences:
            console.print(_make_examples(check))
    console.print("exact" if report.is_exact else "NOT exact", style="green" if report.is_exact else "bold red")


def _make_examples(check: Check) -> Table:
    title = f"{check.name}: the first {len(check.examples)} of {check.differences:,}"
    table = Table(*check.columns, title=title, title_justify="left", box=None)
    for row in check.examples:
        table.add_row(*map(_render, row))
    return table


def _render(value: Any) -> str:
    return "-" if value is None else str(value).replace("[", r"\[")


if __name__ == "__main__":
    run(main)
