"""Lists the jobs, or starts one: plain Python in this process, or real spark-submit for a job that needs Spark.

A job says what it is in its own file: the docstring's first line, `GROUP`, and `NEEDS_SPARK`. They are read without
importing the file, so that the list appears at once.
"""

import ast
import difflib
import runpy
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_GROUPS = ("run", "care", "set up", "feed", "prove")
_USAGE = "Usage: ./spark-submit.sh JOB [options]; ./spark-submit.sh JOB --help explains one."


@dataclass(frozen=True)
class Job:
    """A file of this folder that says which group it belongs to."""

    name: str
    group: str
    summary: str
    needs_spark: bool | frozenset[str]  # or only for these actions

    def is_for_spark(self, words: list[str]) -> bool:
        """True where these words need a driver; help never does."""
        if {"-h", "--help"} & set(words):
            return False
        return self.needs_spark if isinstance(self.needs_spark, bool) else bool(self.needs_spark & set(words[:1]))


def read_jobs() -> dict[str, Job]:
    """All jobs by name."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return {job.name: job for path in files for job in _read_job(path)}


def main(words: list[str]) -> int:
    """Lists or starts; returns the exit code."""
    jobs = read_jobs()
    if not words or words[0] in {"-h", "--help", "help"}:
        sys.stdout.write("\n".join([_USAGE, *_list(jobs)]) + "\n")
        return 0
    name, *rest = words
    if name not in jobs:
        close = difflib.get_close_matches(name, jobs, n=1)
        hint = f"did you mean {close[0]}?" if close else "./spark-submit.sh alone lists them."
        sys.stderr.write(f"There is no job {name!r}: {hint}\n")
        return 2
    if jobs[name].is_for_spark(rest):
        from jobs.spark_submit import submit  # only here: the list and the other jobs start without it

        return submit(name, rest)
    sys.argv = [name, *rest]
    try:
        runpy.run_module(f"jobs.{name}", run_name="__main__")
    except KeyboardInterrupt:  # a Ctrl-C while the job is still being imported
        return 130
    return 0


def _read_job(path: Path) -> Iterator[Job]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    if "GROUP" in constants:
        summary = (ast.get_docstring(tree) or "").partition("\n")[0]
        needed = constants.get("NEEDS_SPARK", False)
        actions = needed if isinstance(needed, bool) else frozenset(str(needed).split())
        yield Job(path.stem, str(constants["GROUP"]).lower(), summary, actions)


def _list(jobs: dict[str, Job]) -> Iterator[str]:
    known = [*_GROUPS, *sorted({job.group for job in jobs.values()} - set(_GROUPS))]
    width = max((len(name) for name in jobs), default=0)
    for group in known:
        members = [job for job in jobs.values() if job.group == group]
        if members:
            yield f"\n{group}"
            yield from (f"  {job.name:<{width}}  {job.summary}" for job in members)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
