"""Send synthetic posts, readings and machine events to the topics and journal them for `verify`.

The same seed, start, rate and first id give the same events; a further run of the same seed continues with the next
ids. Without --count, --minutes or --history it runs until Ctrl-C. It needs a broker with topics:
`./spark-submit.sh services start`, then `./spark-submit.sh create_topics`.
"""

import argparse
import os
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from rich.console import Console

from jobs.cli import parse, read_positive, read_share, run
from jobs.settings import CONF, Settings
from streaming.producers.cursor import lock_journal
from streaming.producers.producer import BrokerConnection, check_topics
from streaming.producers.synthetic.config import read_generator_config
from streaming.producers.synthetic.injection import InjectionShares
from streaming.producers.synthetic.planning import TOPICS, Request, plan_sources
from streaming.producers.synthetic.worker import WorkerPlan
from streaming.producers.synthetic.worker_pool import RunTotals, WorkerPool

GROUP = "produce"
_STARTUP_MS = 1_000  # the worker processes need this long to start; a paced run begins after that


def build_parser() -> argparse.ArgumentParser:
    """All options; without an option the settings below `generator` hold."""
    parser = argparse.ArgumentParser(
        prog="generate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "what",
        nargs="?",
        choices=list(TOPICS),
        default="all",
        help="what to send: posts; machines: readings and machine events; events: machine events only (default: all)",
    )
    parser.add_argument(
        "--rate",
        type=read_positive,
        metavar="N",
        help="posts per second, all producers together; with `machines`: readings per second and machine",
    )
    parser.add_argument(
        "--count", type=int, metavar="N", help="stop after N posts, and after N readings of all machines together"
    )
    parser.add_argument("--minutes", type=read_positive, metavar="N", help="stop after N minutes")
    parser.add_argument(
        "--unpaced", action="store_true", help="send as fast as possible, not at the event times; needs --count"
    )
    parser.add_argument(
        "--history",
        type=read_positive,
        metavar="DAYS",
        help="events of the last DAYS days, sent as fast as possible; their rates are in conf/generator.yaml",
    )
    parser.add_argument(
        "--start",
        type=_time,
        metavar="TIME",
        help="event time of the first event, ISO-8601, UTC unless it has an offset (default: now)",
    )
    _add_data_options(parser)
    return parser


def _add_data_options(parser: argparse.ArgumentParser) -> None:
    """Options for what the records are, not how many."""
    parser.add_argument(
        "--seed", type=int, metavar="N", help="seed of the random numbers (default: the setting generator.seed)"
    )
    parser.add_argument(
        "--producers",
        type=int,
        metavar="N",
        help="producers of posts, each in its own process (default: the setting generator.post_producers)",
    )
    for name, text in (
        ("malformed", "records that break a quality rule, all rules in turn"),
        ("duplicates", "records sent again with the same id"),
        ("late", "events with an event time minutes to days in the past"),
    ):
        parser.add_argument(
            f"--{name}",
            type=read_share,
            default=0.0,
            metavar="SHARE",
            help=f"{text}; share of all records, 0..1 (default: 0)",
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0, also after Ctrl-C; 1 when a producer ended with an error or the Kafka client gave up records."""
    arguments, settings = parse(build_parser(), argv)
    settings = _with_options(settings, arguments)
    shares = InjectionShares(arguments.malformed, arguments.duplicates, arguments.late)
    request = Request(
        arguments.what,
        arguments.rate,
        arguments.count,
        arguments.minutes,
        arguments.history,
        arguments.unpaced,
        arguments.start,
        shares,
    )
    plans = _plan(request, settings)
    console = Console(highlight=False, soft_wrap=True)
    names = ", ".join(TOPICS[request.what])
    with console.status(f"sending {names} ...") as status:
        totals = WorkerPool(plans, console.print, _make_progress_display(status.update, names)).run()
    for error in totals.errors:
        console.print(error)
    console.print(
        f"{totals.sent} records sent, {totals.acknowledged} acknowledged, {totals.failed} given up, "
        f"{totals.pending} without an answer; journal: {settings.generator.journal}"
    )
    return 1 if totals.errors or totals.failed else 0


def _plan(request: Request, settings: Settings) -> list[WorkerPlan]:
    connection = BrokerConnection(settings.kafka.address, settings.kafka.max_message_bytes)
    config = read_generator_config(CONF)
    start_ms = int(time.time() * 1000) + (0 if request.history_days or request.is_unpaced else _STARTUP_MS)
    workers = plan_sources(request, settings.generator, config, start_ms)
    check_topics(connection, TOPICS[request.what])
    for kind in sorted({sources[0].kind for sources in workers}):
        lock_journal(settings.generator.journal, kind)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}"
    journal = settings.generator.journal
    return [WorkerPlan(tuple(sources), config, connection, journal, name, os.getpid()) for sources in workers]


def _with_options(settings: Settings, arguments: argparse.Namespace) -> Settings:
    chosen = {"seed": arguments.seed, "post_producers": arguments.producers}
    generator = settings.generator.model_copy(update={key: value for key, value in chosen.items() if value is not None})
    return settings.model_copy(update={"generator": generator})


def _make_progress_display(update: Callable[[str], None], names: str) -> Callable[[RunTotals], None]:
    started_at = time.monotonic()

    def show(totals: RunTotals) -> None:
        per_second = totals.sent / max(0.1, time.monotonic() - started_at)
        update(f"sending {names}: {totals.sent} sent ({per_second:.0f}/s), {totals.pending} without an answer yet")

    return show


def _time(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000)


if __name__ == "__main__":
    run(main)
