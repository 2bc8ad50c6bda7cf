"""Compute a time range of silver or gold again from the layer before it, e.g. after a fix; beside a running stream.

Without --apply it only shows what would change. With it, the stream waits between two batches while the rows are
written; a comparison of gold makes gold wait as well. After a change of silver the stream, or its next start, rebuilds
the tables of PostgreSQL and gold that are derived from it.
Which records silver holds does not change: rows are computed again, none is added or removed.
"""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from jobs.cli import parse, run
from jobs.session import open_session
from jobs.wiring import build_runtime
from streaming.operations.backfill import Difference, open_backfill
from streaming.queries.gold import GOLD
from streaming.queries.topic_pipelines import build_topic_pipelines
from warehouse.lake.tables import SILVER

GROUP = "operate"
NEEDS_SPARK = True
TABLES = [*(table.name for table in SILVER.values()), *(a.table.name for gold in GOLD for a in gold.aggregates)]


def build_parser() -> argparse.ArgumentParser:
    """The job's options."""
    parser = argparse.ArgumentParser(prog="backfill", description=__doc__)
    parser.add_argument("--table", required=True, choices=TABLES, metavar="TABLE", help=", ".join(TABLES))
    parser.add_argument(
        "--from",
        dest="start",
        required=True,
        type=_read_time,
        metavar="TIME",
        help="2026-11-24 or 2026-11-24T06:30, UTC: ingestion time of silver rows; minute or day of gold rows",
    )
    parser.add_argument(
        "--to",
        dest="stop",
        required=True,
        type=_read_time,
        metavar="TIME",
        help="end of the range, exclusive",
    )
    parser.add_argument("--apply", action="store_true", help="write the rows that differ")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Shows the difference, and writes it with --apply."""
    parser = build_parser()
    arguments, settings = parse(parser, argv)
    if arguments.start >= arguments.stop:
        parser.error("--from must lie before --to")
    with open_session("backfill") as spark:
        runtime = build_runtime(spark, settings, available_now=True)
        pipelines = build_topic_pipelines(runtime.key_file)
        backfill = open_backfill(runtime, pipelines, arguments.table, arguments.start, arguments.stop)
        found = backfill.run(apply=arguments.apply)
    show(found, arguments.apply, Console(highlight=False))
    return 0


def show(found: Difference, applied: bool, console: Console) -> None:
    """Prints the number of rows by kind and by column, and what to do next."""
    table = Table("rows", "number", box=None)
    table.columns[1].justify = "right"
    kinds = {
        "compared": found.rows,
        "changed": found.changed,
        "missing": found.missing,
        "surplus": found.surplus,
        "not recomputed": found.not_recomputed,
        **{f"  {name}": rows for name, rows in (found.by_column or {}).items()},
    }
    for kind, rows in kinds.items():
        table.add_row(kind, f"{rows:,}")
    console.print(table)
    if found.is_none:
        console.print("nothing differs")
    else:
        console.print("written" if applied else "nothing was written: --apply does")


def _read_time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time like 2026-11-24 or 2026-11-24T06:30") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


if __name__ == "__main__":
    run(main)
