"""Recount the generator's journal and bronze, and compare them with silver, gold and PostgreSQL, row by row.

Works while the stream runs and after it: all tables are read at versions that fit each other.
Without a journal everything is recounted from bronze.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from jobs.cli import ExitCode, parse, run
from jobs.settings import Settings, load_quality
from warehouse.database.connections import role_url
from warehouse.errors import WarehouseError
from warehouse.verification import Check, Inputs, Limits, PostgresReader, Report, VerificationError, verify

GROUP = "check"


def main(argv: Sequence[str] | None = None) -> int:
    """0: no difference; 1: something differs; 3: nothing could be compared."""
    parser = argparse.ArgumentParser(
        prog="verify",
        description=__doc__,
        epilog="Exit code 0: no difference; 1: something differs, the first differing rows are printed; "
        "3: nothing could be compared (no lake, no database).",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help='one JSON object: {"exact": true, "checks": [{"name", "rows", "differences"}], ...}',
    )
    parser.add_argument(
        "--drained",
        action="store_true",
        help="the stream has been drained: count records that are still waiting between two layers as differences",
    )
    arguments, settings = parse(parser, argv)
    messages = Console(stderr=True, highlight=False)
    try:
        with messages.status("recounting ..."):
            postgres = PostgresReader(role_url(settings.postgres, "owner"))
            report = verify(make_inputs(settings, arguments.drained), postgres)
    except (VerificationError, WarehouseError) as error:
        messages.print(str(error), markup=False, soft_wrap=True)
        return ExitCode.NOTHING_TO_CHECK
    if arguments.json:
        sys.stdout.write(json.dumps(report.to_json()) + "\n")
    else:
        print_report(report, Console(highlight=False))
    return 0 if report.is_exact else 1


def make_inputs(settings: Settings, is_drained: bool) -> Inputs:
    """The recount's inputs from the settings and the quality rules."""
    quality, queries = load_quality(), settings.stream.queries
    limits = Limits(
        max_lengths=quality.max_lengths,
        sensor_limits=quality.sensor_limits,
        earliest=quality.earliest.isoformat(),
        tolerance_seconds=quality.tolerance_minutes * 60,
        late_seconds=quality.late_seconds,
        warned_rules=frozenset(rule for rule, action in quality.actions.items() if action == "warn"),
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


def print_report(report: Report, console: Console) -> None:
    """Prints a table of the checks, the counts of records not compared, and the first rows of each difference."""
    table = Table("check", box=None)
    table.add_column("rows", justify="right")
    table.add_column("differences", justify="right")
    for check in report.checks:
        table.add_row(check.name, f"{check.rows:,}", f"{check.differences:,}", style="red" if check.differences else "")
    console.print(table)
    not_compared = ", ".join(f"{name.replace('_', ' ')} {rows:,}" for name, rows in report.not_compared.items() if rows)
    console.print(f"not compared: {not_compared or 'nothing'}")
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
