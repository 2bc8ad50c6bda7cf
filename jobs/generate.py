"""Send made-up posts, readings and machine events to the topics, several producers at once, journalled for `verify`.

Same seed and start, same events. A second run goes on with the next ids. Without --count or --minutes it runs until
Ctrl-C. It needs a broker with topics: `./spark-submit.sh services start`, then `./spark-submit.sh create_topics`.
"""

import argparse
import os
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from rich.console import Console

from jobs.cli import parse, run
from jobs.settings import CONF, Settings
from streaming.producers.cursor import lock_journal
from streaming.producers.producer import Connection, check_topics
from streaming.producers.synthetic.config import read_generator_config
from streaming.producers.synthetic.injection import Mix
from streaming.producers.synthetic.planning import TOPICS, Request, plan_feeds
from streaming.producers.synthetic.processes import Generator, Outcome
from streaming.producers.synthetic.worker import WorkerPlan

GROUP = "feed"
_LEAD_MS = 1_000  # producers need so long to start; a paced run begins after that


def build_parser() -> argparse.ArgumentParser:
    """All options; what is not said comes from the settings below `generator`."""
    parser = argparse.ArgumentParser(
        prog="generate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "what",
        nargs="?",
        choices=list(TOPICS),
        default="all",
        help="posts; machines: readings and machine events; events: machine events only (default: all)",
    )
    parser.add_argument(
        "--rate",
        type=_positive,
        metavar="N",
        help="posts per second, all together; with `machines`: readings per second and machine",
    )
    parser.add_argument("--count", type=int, metavar="N", help="stop after so many posts, and after so many readings")
    parser.add_argument("--minutes", type=_positive, metavar="N", help="stop after so many minutes")
    parser.add_argument("--unpaced", action="store_true", help="as fast as possible; needs --count")
    parser.add_argument(
        "--history",
        type=_positive,
        metavar="DAYS",
        help="a simulated past that ends now, as fast as possible; how dense: conf/generator.yaml",
    )
    parser.add_argument("--start", type=_time, metavar="TIME", help="time of the first event, ISO-8601 (default: now)")
    parser.add_argument("--seed", type=int, metavar="N", help="another seed, other events")
    parser.add_argument("--producers", type=int, metavar="N", help="producers of posts, a process each")
    for name, text in (
        ("malformed", "spoilt events, every rule in turn"),
        ("duplicates", "events sent again"),
        ("late", "events minutes to days behind"),
    ):
        parser.add_argument(
            f"--{name}", type=_share, default=0.0, metavar="SHARE", help=f"{text}, 0..1 of all (default: 0)"
        )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0 also when it was stopped; 1 when a producer failed or records were given up."""
    arguments, settings = parse(build_parser(), argv)
    settings = _with_options(settings, arguments)
    mix = Mix(arguments.malformed, arguments.duplicates, arguments.late)
    request = Request(
        arguments.what,
        arguments.rate,
        arguments.count,
        arguments.minutes,
        arguments.history,
        arguments.unpaced,
        arguments.start,
        mix,
    )
    plans = _plan(request, settings)
    console = Console(highlight=False, soft_wrap=True)
    names = ", ".join(TOPICS[request.what])
    with console.status(f"sending {names} ...") as status:
        outcome = Generator(plans, console.print, _make_display(status.update, names)).run()
    for error in outcome.errors:
        console.print(error)
    console.print(
        f"{outcome.sent} records sent, {outcome.acknowledged} acknowledged, {outcome.failed} given up, "
        f"{outcome.pending} without an answer; journal: {settings.generator.journal}"
    )
    return 1 if outcome.errors or outcome.failed else 0


def _plan(request: Request, settings: Settings) -> list[WorkerPlan]:
    connection = Connection(settings.kafka.address, settings.kafka.max_message_bytes)
    config = read_generator_config(CONF)
    start_ms = int(time.time() * 1000) + (0 if request.history_days or request.is_unpaced else _LEAD_MS)
    workers = plan_feeds(request, settings.generator, config, start_ms)
    check_topics(connection, TOPICS[request.what])
    for kind in sorted({feeds[0].kind for feeds in workers}):
        lock_journal(settings.generator.journal, kind)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}"
    journal = settings.generator.journal
    return [WorkerPlan(tuple(feeds), config, connection, journal, name, os.getpid()) for feeds in workers]


def _with_options(settings: Settings, arguments: argparse.Namespace) -> Settings:
    chosen = {"seed": arguments.seed, "post_producers": arguments.producers}
    generator = settings.generator.model_copy(update={key: value for key, value in chosen.items() if value is not None})
    return settings.model_copy(update={"generator": generator})


def _make_display(update: Callable[[str], None], names: str) -> Callable[[Outcome], None]:
    began = time.monotonic()

    def show(outcome: Outcome) -> None:
        per_second = outcome.sent / max(0.1, time.monotonic() - began)
        update(f"sending {names}: {outcome.sent} sent ({per_second:.0f}/s), {outcome.pending} without an answer yet")

    return show


def _positive(text: str) -> float:
    number = float(text)
    if number <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def _share(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a share between 0 and 1")
    return number


def _time(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000)


if __name__ == "__main__":
    run(main)
