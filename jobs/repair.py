"""Decide what no restart can: a loss, or a batch over a limit; stop the stream first, start it again afterwards."""

import argparse
from collections.abc import Callable

from rich.console import Console

from jobs.cli import parse, run
from jobs.session import open_session
from jobs.wiring import build_runtime
from streaming.operations.repair import allow_batches, begin_new_generations, skip_lost
from streaming.queries.runtime import Runtime

GROUP = "care"
NEEDS_SPARK = True


def build_parser() -> argparse.ArgumentParser:
    """The job's options."""
    parser = argparse.ArgumentParser(
        prog="repair",
        description=__doc__,
        epilog="The stream says which of these it needs. Nothing is deleted: rows that landed stay, and what is given "
        "up is written to ops.lost_records, which verify leaves out and counts, as it does what was not read yet of a "
        "topic that is gone; refused and allowed batches are in ops.refused_batches.",
    )
    ways = parser.add_mutually_exclusive_group(required=True)
    ways.add_argument(
        "--skip-lost",
        action="store_true",
        help="retention deleted records before they were read: go on at the oldest record that is left",
    )
    ways.add_argument(
        "--new-generation",
        action="store_true",
        help="a topic was deleted and created again: read the new one from its first record, beside the old rows",
    )
    ways.add_argument(
        "--allow-batch",
        action="store_true",
        help="a batch stopped the stream at a limit of conf/quality.yaml: let exactly this one into quarantine",
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    """Reports one line per change; repeated, it finds nothing to do."""
    arguments, settings = parse(build_parser(), argv)
    with open_session("repair") as spark:
        runtime = build_runtime(spark, settings, available_now=True)
        report = choose(arguments)(runtime)
    console = Console(highlight=False)
    for line in report or ["nothing to repair"]:
        console.print(line, markup=False, soft_wrap=True)
    return 0


def choose(arguments: argparse.Namespace) -> Callable[[Runtime], list[str]]:
    """What the operator has decided."""
    if arguments.skip_lost:
        return skip_lost
    return allow_batches if arguments.allow_batch else begin_new_generations


if __name__ == "__main__":
    run(main)
