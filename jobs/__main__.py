"""Lists the jobs, or starts one: plain Python in this process, or real spark-submit for a job that needs Spark.

A job describes itself in its own file: the docstring's first line, `GROUP`, `NEEDS_SPARK` (True, or the actions that
do), and `NAME` where its command cannot be the file's name, because jobs/ comes first on the path of spark-submit's
Python and a file would hide a library of that name. All are read without importing the file: the list appears at once.
"""

import ast
import difflib
import runpy
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent
_GROUPS = ("run", "operate", "set up", "produce", "check")
_USAGE = "Usage: ./spark-submit.sh JOB [options]; ./spark-submit.sh JOB --help explains one."
_EXIT_CODES = (  # those of jobs.cli.ExitCode; importing that would take a third of a second
    "Exit codes: 0 done; 1 failed, or a check says no; 2 wrong command line; 3 nothing to check; 130 ended by Ctrl-C; "
    "143 ended by SIGTERM."
)


@dataclass(frozen=True)
class Job:
    """A file of this folder that has a `GROUP`; `module` is the file's name, `name` the command's."""

    name: str
    module: str
    group: str
    summary: str
    needs_spark: bool | frozenset[str]  # or only for these actions
    cores: int | None  # of a local master; None: as the setting says

    def is_for_spark(self, words: list[str]) -> bool:
        """True where these words need a driver; help never does."""
        if {"-h", "--help"} & set(words):
            return False
        return self.needs_spark if isinstance(self.needs_spark, bool) else bool(self.needs_spark & set(words[:1]))


def read_jobs(folder: Path = _FOLDER) -> dict[str, Job]:
    """All jobs by name."""
    return {job.name: job for path in sorted(folder.glob("*.py")) for job in _read_job(path)}


def main(words: list[str]) -> int:
    """Lists the jobs or starts one; returns the exit code."""
    jobs = read_jobs()
    if not words or words[0] in {"-h", "--help", "help"}:
        sys.stdout.write("\n".join([_USAGE, *_list(jobs), "", _EXIT_CODES]) + "\n")
        return 0
    name, *rest = words
    if name not in jobs:
        close = difflib.get_close_matches(name, jobs, n=1)
        hint = f"did you mean {close[0]}?" if close else "./spark-submit.sh alone lists them."
        sys.stderr.write(f"There is no job {name!r}: {hint}\n")
        return 2
    job = jobs[name]
    if job.is_for_spark(rest):
        from jobs.spark_submit import submit  # only here: the list and the other jobs start without it

        return submit(job.module, rest, job.cores)
    sys.argv = [name, *rest]
    try:
        runpy.run_module(f"jobs.{job.module}", run_name="__main__")
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
        name = str(constants.get("NAME", path.stem))
        cores = int(str(constants["CORES"])) if "CORES" in constants else None
        yield Job(name, path.stem, str(constants["GROUP"]).lower(), summary, actions, cores)


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
