"""Measure the product against two baselines on the same input, and compare the figures with their targets.

Broker and database are started on free ports, with their data in the folder `benchmark` of `var`. A contender whose
result differs from an independent recount gets no number. On a busy machine it waits, then marks the figures.
tests/benchmark/README.md says how it measures.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from jobs.cli import parse, run, settings_words
from jobs.settings import ROOT

GROUP = "check"
WORKLOADS = ("start", "latency", "drain", "profile")


def build_parser() -> argparse.ArgumentParser:
    """The job's options."""
    parser = argparse.ArgumentParser(
        prog="benchmark",
        description=__doc__,
        epilog="Exit code 0: every target that was measured is met; 1: one is not, or a contender has no number.",
    )
    parser.add_argument(
        "workloads", nargs="*", metavar="WORKLOAD", help=f"{', '.join(WORKLOADS)}; default: all in this order"
    )
    parser.add_argument(
        "--quick", action="store_true", help="fewer and shorter runs: half an hour instead of some hours"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    return parser


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Replaces this process by the harness, which so receives signals itself and whose exit code is the job's."""
    parser = build_parser()
    arguments, _ = parse(parser, argv)
    unknown = sorted(set(arguments.workloads) - set(WORKLOADS))
    if unknown:
        parser.error(f"unknown workload {', '.join(unknown)}; known: {', '.join(WORKLOADS)}")
    words = [*arguments.workloads, *(f"--{name}" for name in ("quick", "json") if getattr(arguments, name))]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    module = [sys.executable, "-P", "-m", "tests.benchmark"]
    os.execve(sys.executable, [*module, *words, *settings_words(arguments)], environment)  # noqa: S606 - our own words


if __name__ == "__main__":
    run(main)
