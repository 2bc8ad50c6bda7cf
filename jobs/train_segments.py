"""Train the segments of authors (who posts how) on what gold holds; a better version becomes the champion."""

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from jobs.cli import ExitCode, parse, run
from jobs.session import open_session
from warehouse.database.connections import role_url
from warehouse.lake.locks import TableLocks
from warehouse.models.registry import Registry
from warehouse.reports.model_card import render_card
from warehouse.segmentation.clustering import NoSegments
from warehouse.segmentation.reading import open_lake
from warehouse.segmentation.scoring import model_store
from warehouse.segmentation.training import MODEL, Trained, Training

GROUP = "operate"
NEEDS_SPARK = True
CORES = 1


def build_parser() -> argparse.ArgumentParser:
    """The job's options."""
    parser = argparse.ArgumentParser(
        prog="train_segments",
        description=__doc__,
        epilog="Does nothing where the champion is already made from the same data. Exit code 3: there are no segments "
        "to train (too few posts, or authors that cannot be told apart); the champion stays.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Returns 0, also where nothing had to be trained; 3 where there is nothing to train on."""
    arguments, settings = parse(build_parser(), argv)
    models = settings.models
    url = role_url(settings.postgres, "writer")
    with open_session("train_segments") as spark:
        try:
            locks = TableLocks(spark, settings.lake.path, enabled=settings.lake.local_locks)
            with locks.hold("models/segments"):  # a second training waits, and then finds nothing to do
                trained = Training(
                    open_lake(spark, settings.lake.path),
                    model_store(models.path),
                    Registry(url, MODEL),
                    url,
                    models.window_days,
                    models.time_zone,
                    models.seed,
                ).run()
        except NoSegments as reason:
            sys.stderr.write(f"{reason}\n")
            return ExitCode.NOTHING_TO_CHECK
    card = settings.var / "reports" / f"segments-{trained.manifest.version}.html"
    card.parent.mkdir(parents=True, exist_ok=True)
    if trained.is_new or not card.exists():
        card.write_text(render_card(asdict(trained.manifest), trained.decision), encoding="utf-8")
    if arguments.json:
        print(json.dumps({**describe(trained), "card": str(card)}))  # noqa: T201 - the job's answer
    else:
        Console(highlight=False, soft_wrap=True).print(draw(trained), trained.decision, f"model card: {card}", sep="\n")
    return ExitCode.DONE


def describe(trained: Trained) -> dict[str, Any]:
    """The answer as JSON."""
    manifest = trained.manifest
    segments = [{key: segment[key] for key in ("id", "name", "authors")} for segment in manifest.content["segments"]]
    return {
        "version": manifest.version,
        "is_champion": trained.is_champion,
        "is_new": trained.is_new,
        "decision": trained.decision,
        "choice": manifest.content["choice"],
        "metrics": manifest.metrics,
        "segments": segments,
    }


def draw(trained: Trained) -> Table:
    """One row per segment."""
    manifest = trained.manifest
    status = "champion" if trained.is_champion else "candidate"
    title = f"segments, version {manifest.version} ({status}): {manifest.content['choice']}"
    table = Table("segment", "who", "authors", title=title, title_justify="left")
    for segment in manifest.content["segments"]:
        table.add_row(str(segment["id"]), segment["name"], f"{segment['authors']:,}")
    return table


if __name__ == "__main__":
    run(main)
