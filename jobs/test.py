"""Run the tests; extra arguments go to pytest. With CI=true a skipped test is a failure.

Without extra arguments all tests run but the faults: CI runs a share of them, and so does `test tests/faults`.
`--faults` runs the whole fault matrix instead, for hours; it prints a table of faults, runs and differences and writes
it to tests/faults/last_full_run.json. A run that was interrupted continues with `--resume` on the same code: finished
rounds are kept in tests/faults/unfinished_run.json.
Examples: `test tests/unit`, `test -k broker -x`, `test -m "not slow"`. The exit code is pytest's.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from jobs.cli import run
from jobs.settings import ROOT, add_settings_arguments

GROUP = "check"


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Replaces this process by pytest, which so receives signals itself and whose exit code is the job's."""
    parser = argparse.ArgumentParser(
        prog="test",
        description=__doc__,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="test [--profile NAME] [--set KEY=VALUE] [--faults [--resume]] [--seed N] [arguments ...]",
    )
    add_settings_arguments(parser)
    parser.set_defaults(profile=os.environ.get("AFLUENTE_PROFILE", "test"))
    parser.add_argument("--faults", action="store_true", help="run the whole fault matrix, every round of it")
    parser.add_argument("--resume", action="store_true", help="with --faults: continue a run that was interrupted")
    parser.add_argument("--seed", type=int, metavar="N", help="make the same random choices as the run with this seed")
    arguments, words = parser.parse_known_args(argv)
    words += ["--faults", "-m", "fault"] if arguments.faults else []
    words += ["--resume"] if arguments.resume else []
    words += [] if arguments.seed is None else ["--seed", str(arguments.seed)]
    environment = {**os.environ, "AFLUENTE_PROFILE": arguments.profile, "PYTHONPATH": str(ROOT)}
    for override in arguments.overrides:
        key, _, value = override.partition("=")
        environment[f"AFLUENTE_{key.upper().replace('.', '__')}"] = value
    os.chdir(ROOT)
    os.execve(sys.executable, [sys.executable, "-m", "pytest", *words], environment)  # noqa: S606 - our own words


if __name__ == "__main__":
    run(main)
