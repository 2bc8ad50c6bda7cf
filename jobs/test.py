"""Run the tests; extra words go to pytest. With CI=true a skipped test is a failure.

Without extra words all of tests/ runs. `--faults` runs the whole fault matrix instead, unattended, for hours; it prints
a table of faults, runs and differences and leaves it in tests/faults/last_full_run.json. With `--resume` it may be
broken off and goes on later, on the same code: what has ended is kept in tests/faults/unfinished_run.json.
Examples: `test tests/unit`, `test -k broker -x`, `test -m "not slow"`.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from jobs.cli import run
from jobs.settings import ROOT, add_settings_arguments

GROUP = "prove"


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Becomes pytest: a signal and the exit code need no go-between."""
    parser = argparse.ArgumentParser(
        prog="test",
        description=__doc__,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="test [--profile NAME] [--set KEY=VALUE] [--faults [--resume]] [--seed N] [words ...]",
    )
    add_settings_arguments(parser)
    parser.set_defaults(profile=os.environ.get("AFLUENTE_PROFILE", "test"))
    parser.add_argument("--faults", action="store_true", help="the whole fault matrix, once with each of its rounds")
    parser.add_argument("--resume", action="store_true", help="the matrix goes on where an earlier run was broken off")
    parser.add_argument("--seed", type=int, metavar="N", help="replays the choices of the run with this seed")
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
