"""Accept a loss of records, or let a refused batch pass. Stop the stream first, start it again afterwards."""

import argparse
from collections.abc import Callable

from rich.console import Console

from jobs.cli import parse, run
from jobs.session import open_session
from jobs.wiring import build_runtime
from streaming.operations.repair import allow_batches, begin_new_generations, skip_lost
from streaming.queries.runtime import Runtime

GROUP = "operate"
NEEDS_SPARK = True


def build_parser() -> argparse.ArgumentParser:
    """The job's options."""
    parser = argparse.ArgumentParser(
        prog="repair",
        description=__doc__,
        epilog="The stream's error names the option to use. No row is deleted. Lost records are written to "
        "ops.lost_records; verify excludes and counts them, as it does unread records of a deleted topic. Refused and "
        "allowed batches are in ops.refused_batches.",
    )
    ways = parser.add_mutually_exclusive_group(required=True)
    ways.add_argument(
        "--skip-lost",
        action="store_true",
        help="retention deleted records before they were read: continue at the oldest record that is left",
    )
    ways.add_argument(
        "--new-generation",
        action="store_true",
        help="a topic was deleted and created again: read the new one from its first record, beside the old rows",
    )
    ways.add_argument(
        "--allow-batch",
        action="store_true",
        help="a batch exceeded a limit of conf/quality.yaml: let exactly this batch pass, its invalid records into "
        "quarantine",
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    """Prints one line per change; a second run finds nothing to repair."""
    arguments, settings = parse(build_parser(), argv)
    with open_session("repair") as spark:
        runtime = build_runtime(spark, settings, available_now=True)
        report = choose(arguments)(runtime)
    console = Console(highlight=False)
    for line in report or ["nothing to repair"]:
        console.print(line, markup=False, soft_wrap=True)
    return 0


def choose(arguments: argparse.Namespace) -> Callable[[Runtime], list[str]]:
    """The repair that the options ask for."""
    if arguments.skip_lost:
        return skip_lost
    return allow_batches if arguments.allow_batch else begin_new_generations


if __name__ == "__main__":
    run(main)
