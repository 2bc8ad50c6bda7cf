"""Keep the lake fit beside a running stream: few files instead of many, none that nobody needs, short books."""

import argparse
from collections.abc import Callable

from rich.console import Console

from jobs.cli import parse, run
from jobs.session import open_session
from warehouse.database.connections import role_url
from warehouse.database.rollup import roll_up_old_rows
from warehouse.lake.locks import TableLocks
from warehouse.lake.maintenance import Done, Maintenance
from warehouse.lake.tables import ALL

GROUP = "care"
NEEDS_SPARK = True


def build_parser() -> argparse.ArgumentParser:
    """The job's options."""
    parser = argparse.ArgumentParser(
        prog="maintain",
        description=__doc__,
        epilog="A day is touched once the newest batch of its table belongs to a later one. Deleted are files that no "
        "version within lake.deleted_file_retention needs; ops.ledger and ops.row_counts keep sums beyond a week. "
        "Positions and numbers stay as they are. Killed at any moment, it is simply run again; once a day is enough.",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    parser.add_argument(
        "--open-day",
        action="store_true",
        help="join also the files of the day that is still being written, e.g. after a long history was read",
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    """One line per table that had something to do; repeated, it finds nothing."""
    arguments, settings = parse(build_parser(), argv)
    console = Console(highlight=False)
    with open_session("maintain") as spark:
        locks = TableLocks(spark, settings.lake.path, enabled=settings.lake.local_locks)
        upkeep = Maintenance(spark, settings.lake, locks, open_day=arguments.open_day)
        act, describe = (upkeep.plan, describe_plan) if arguments.dry_run else (upkeep.run, describe_run)
        with locks.hold("maintain"):  # a second run waits, and then finds nothing to do
            busy = [done for done in map(act, ALL) if show(console, done, describe)]
    folded = {} if arguments.dry_run else roll_up_old_rows(role_url(settings.postgres, "owner"))
    for table, rows in folded.items():
        if rows:
            console.print(f"{table}: {rows:,} old rows became sums")
    if not busy and not any(folded.values()):
        console.print("nothing to do")
    return 0


def show(console: Console, done: Done, describe: Callable[[Done], str]) -> bool:
    """Prints one line as soon as it is known; False where there is nothing to say."""
    if not done.is_nothing:
        console.print(f"{done.table}: {describe(done)}", markup=False, soft_wrap=True)
    return not done.is_nothing


def describe_run(done: Done) -> str:
    """What was done."""
    return (
        f"files {done.files_before:,} -> {done.files_after:,}, {done.deleted:,} deleted, {done.seconds:.1f} s "
        f"(writers waited {done.longest_lock_seconds:.1f} s at most)"
    )


def describe_plan(done: Done) -> str:
    """What would be done."""
    joined = done.files_before - done.files_after
    return f"{joined:,} of {done.files_before:,} files would be joined, {done.deleted:,} would be deleted"


if __name__ == "__main__":
    run(main)
