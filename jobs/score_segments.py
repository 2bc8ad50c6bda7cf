"""Assign every author to a segment with the champion: gold/author_segments and PostgreSQL."""

import argparse
import json
import sys

from rich.console import Console
from rich.table import Table

from jobs.cli import ExitCode, parse, run
from jobs.session import open_session
from warehouse.database.connections import role_url
from warehouse.lake.locks import TableLocks
from warehouse.models.registry import Registry
from warehouse.segmentation.clustering import NoSegments
from warehouse.segmentation.reading import open_lake
from warehouse.segmentation.scoring import Scoring, model_store
from warehouse.segmentation.training import MODEL

GROUP = "operate"
NEEDS_SPARK = True
CORES = 1


def build_parser() -> argparse.ArgumentParser:
    """The job's options."""
    parser = argparse.ArgumentParser(
        prog="score_segments",
        description=__doc__,
        epilog="Replaces the assignments of the newest day of data, so a second run changes nothing. Exit code 3: no "
        "posts, or no model yet.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Returns 0; 3 where there is no model or nothing to score."""
    arguments, settings = parse(build_parser(), argv)
    url = role_url(settings.postgres, "writer")
    with open_session("score_segments") as spark:
        locks = TableLocks(spark, settings.lake.path, enabled=settings.lake.local_locks)
        scoring = Scoring(model_store(settings.models.path), Registry(url, MODEL), settings.lake, locks, url)
        try:
            with locks.hold("models/segments"):  # neither a training nor another scoring in between
                scored = scoring.run(open_lake(spark, settings.lake.path), settings.models.window_days)
        except NoSegments as reason:
            sys.stderr.write(f"{reason}\n")
            return ExitCode.NOTHING_TO_CHECK
    if arguments.json:
        print(json.dumps(scored.to_dict()))  # noqa: T201 - the job's answer
        return ExitCode.DONE
    title = f"{scored.authors:,} authors on {scored.day}, version {scored.model_version}"
    table = Table("segment", "who", "authors", "share", title=title, title_justify="left")
    for number, (name, authors) in sorted(scored.segments.items()):
        table.add_row(str(number), name, f"{authors:,}", f"{authors / max(scored.authors, 1):.0%}")
    Console(highlight=False, soft_wrap=True).print(table)
    return ExitCode.DONE


if __name__ == "__main__":
    run(main)
