"""Run the streaming queries: topics to bronze, silver and PostgreSQL, silver to gold."""

import argparse
from collections.abc import Callable, Iterable
from functools import partial

from jobs.cli import parse, run
from jobs.session import open_session
from jobs.wiring import build_runtime
from streaming.queries.gold import GOLD
from streaming.queries.runtime import Runtime
from streaming.queries.shutdown import stop_on_signals
from streaming.queries.startup import (
    open_bronze_query,
    open_gold_query,
    open_topic_query,
)
from streaming.queries.supervisor import Startable, Supervisor
from streaming.queries.topic_pipelines import build_topic_pipelines

GROUP = "run"
NEEDS_SPARK = True
TOPIC_PHASE = ("bronze", "posts", "readings", "machine_events")
GOLD_PHASE = tuple(pipeline.name for pipeline in GOLD)
EPILOG = """
Ctrl-C and SIGTERM stop it after the running batches. After SIGUSR1 it reads what is waiting, brings gold to the newest
version of silver, as --available-now does, and exits.
"""


def build_parser() -> argparse.ArgumentParser:
    """The job's options."""
    parser = argparse.ArgumentParser(prog="stream", description=__doc__, epilog=EPILOG)
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
    with open_session("stream") as spark:
        runtime = build_runtime(spark, settings)
        asked = stop_on_signals(spark, runtime.stop)
        if not arguments.available_now:
            supervise(runtime, wanted)
            if not asked.finish.is_set():
                return 0
        runtime = runtime.for_draining(asked.stop)  # which SIGUSR1 does not set: what it asks for is what happens
        for phase in (TOPIC_PHASE, GOLD_PHASE):
            supervise(runtime, [name for name in wanted if name in phase])
    return 0


def supervise(runtime: Runtime, queries: Iterable[str]) -> None:
    """Runs the queries until all have finished or the runtime was asked to stop."""
    openers = build_openers(runtime)
    Supervisor(runtime, {name: openers[name] for name in queries}).run()


def build_openers(runtime: Runtime) -> dict[str, Callable[[], Startable]]:
    """Query name -> how to open it."""
    openers: dict[str, Callable[[], Startable]] = {"bronze": partial(open_bronze_query, runtime)}
    for name, pipeline in build_topic_pipelines(runtime.key_file).items():
        openers[name] = partial(open_topic_query, runtime, pipeline)
    for gold in GOLD:
        openers[gold.name] = partial(open_gold_query, runtime, gold)
    return openers


if __name__ == "__main__":
    run(main)
