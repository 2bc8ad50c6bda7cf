"""Run the streaming queries: topics to bronze, silver and PostgreSQL, silver to gold."""

import argparse
from collections.abc import Callable
from functools import partial

from pyspark.sql import SparkSession

from jobs.cli import parse, run
from jobs.session import open_session
from jobs.settings import Settings, load_quality
from streaming.queries.domains import build_domains
from streaming.queries.gold import GOLD
from streaming.queries.leaving import leave_on_signals
from streaming.queries.opening import (
    open_bronze_query,
    open_gold_query,
    open_topic_query,
)
from streaming.queries.runtime import Runtime
from streaming.queries.supervisor import Startable, Supervisor
from streaming.settings import QualitySettings
from streaming.transforms.rules import QualityRules
from warehouse.locks import TableLocks
from warehouse.postgres import role_url
from warehouse.secret_files import ensure_key

GROUP = "Run"
NEEDS_SPARK = True
PSEUDONYM_KEY = "pseudonym.key"
TOPIC_PHASE = ("bronze", "posts", "readings", "machine_events")
GOLD_PHASE = tuple(domain.name for domain in GOLD)


def build_parser() -> argparse.ArgumentParser:
    """The job's options."""
    parser = argparse.ArgumentParser(prog="stream", description=__doc__)
    parser.add_argument(
        "--queries",
        default=",".join(TOPIC_PHASE + GOLD_PHASE),
        metavar="A,B",
        help="which queries to run (default: all: %(default)s)",
    )
    parser.add_argument(
        "--available-now",
        action="store_true",
        help="read what is waiting (topics to their end, then gold to silver's newest version) and exit",
    )
    return parser


def main(argv: list[str] | None = None) -> int:
    """Wires settings, session and queries; returns when stopped or, with --available-now, when all is read."""
    parser = build_parser()
    arguments, settings = parse(parser, argv)
    wanted = [name.strip() for name in arguments.queries.split(",") if name.strip()]
    unknown = sorted(set(wanted) - set(TOPIC_PHASE + GOLD_PHASE))
    if unknown or not wanted:
        parser.error(f"unknown query {', '.join(unknown) or '(none)'}; known: {', '.join(TOPIC_PHASE + GOLD_PHASE)}")
    phases = (TOPIC_PHASE, GOLD_PHASE) if arguments.available_now else (TOPIC_PHASE + GOLD_PHASE,)
    with open_session("stream") as spark:
        runtime = build_runtime(spark, settings, available_now=arguments.available_now)
        leave_on_signals(spark, runtime.stop)
        openers = build_openers(runtime)
        for phase in phases:
            Supervisor(runtime, {name: openers[name] for name in phase if name in wanted}).run()
    return 0


def build_runtime(spark: SparkSession, settings: Settings, *, available_now: bool) -> Runtime:
    """What all queries share."""
    return Runtime(
        spark=spark,
        lake=settings.lake,
        stream=settings.stream,
        kafka=settings.kafka,
        writer_url=role_url(settings.postgres, "writer"),
        key_file=str(ensure_key(settings.postgres.secrets / PSEUDONYM_KEY)),
        rules=build_rules(load_quality()),
        locks=TableLocks(spark, settings.lake.path, enabled=settings.lake.local_locks),
        available_now=available_now,
    )


def build_rules(quality: QualitySettings) -> QualityRules:
    """The rules as the transforms take them: they know nothing of settings."""
    return QualityRules(**{**quality.model_dump(), "earliest": quality.earliest.isoformat()})


def build_openers(runtime: Runtime) -> dict[str, Callable[[], Startable]]:
    """Query name -> how to open it."""
    openers: dict[str, Callable[[], Startable]] = {"bronze": partial(open_bronze_query, runtime)}
    for name, domain in build_domains(runtime.key_file).items():
        openers[name] = partial(open_topic_query, runtime, domain)
    for gold in GOLD:
        openers[gold.name] = partial(open_gold_query, runtime, gold)
    return openers


if __name__ == "__main__":
    run(main)
