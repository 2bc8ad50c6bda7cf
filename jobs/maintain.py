"""Compact small files, VACUUM, and roll up ledger rows older than 7 days; beside a running stream."""

import argparse
from collections.abc import Callable

from rich.console import Console

from jobs.cli import parse, run
from jobs.session import open_session
from warehouse.database.connections import role_url
from warehouse.database.rollup import roll_up_old_rows
from warehouse.lake.locks import TableLocks
from warehouse.lake.maintenance import Maintenance, TableReport
from warehouse.lake.tables import ALL

GROUP = "operate"
NEEDS_SPARK = True


def build_parser() -> argparse.ArgumentParser:
    """The job's options."""
    parser = argparse.ArgumentParser(
        prog="maintain",
        description=__doc__,
        epilog="A day is compacted once the newest batch of its table belongs to a later day. VACUUM deletes files "
        "that no version within lake.deleted_file_retention needs; rows of ops.ledger and ops.row_counts older than "
        "7 days become sums. Offsets and totals do not change. After a kill, run it again; once a day is enough.",
    )
    parser.add_argument("--dry-run", action="store_true", help="print what would be done, and change nothing")
    parser.add_argument(
        "--open-day",
        action="store_true",
        help="also compact the day that is still being written, e.g. after a long history was read",
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    """Prints one line per table that had something to do; a second run finds nothing."""
    arguments, settings = parse(build_parser(), argv)
    console = Console(highlight=False)
    with open_session("maintain") as spark:
        locks = TableLocks(spark, settings.lake.path, enabled=settings.lake.local_locks)
        maintenance = Maintenance(spark, settings.lake, locks, open_day=arguments.open_day)
        act, describe = (maintenance.plan, describe_plan) if arguments.dry_run else (maintenance.run, describe_run)
        with locks.hold("maintain"):  # a second run waits, and then finds nothing to do
            changed = [report for report in map(act, ALL) if show(console, report, describe)]
    rolled_up = {} if arguments.dry_run else roll_up_old_rows(role_url(settings.postgres, "owner"))
    for table, rows in rolled_up.items():
        if rows:
            console.print(f"{table}: {rows:,} old rows rolled up")
    if not changed and not any(rolled_up.values()):
        console.print("nothing to do")
    return 0


def show(console: Console, report: TableReport, describe: Callable[[TableReport], str]) -> bool:
    """Prints one line about a table that had something to do; returns whether it had."""
    if not report.is_unchanged:
        console.print(f"{report.table}: {describe(report)}", markup=False, soft_wrap=True)
    return not report.is_unchanged


def describe_run(report: TableReport) -> str:
    """What was done."""
    return (
        f"files {report.files_before:,} -> {report.files_after:,}, {report.deleted:,} deleted, {report.seconds:.1f} s "
        f"(writers waited {report.longest_lock_seconds:.1f} s at most)"
    )


def describe_plan(report: TableReport) -> str:
    """What would be done."""
    compacted = report.files_before - report.files_after
    return f"{compacted:,} of {report.files_before:,} files would be compacted, {report.deleted:,} would be deleted"


if __name__ == "__main__":
    run(main)
