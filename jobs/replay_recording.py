"""Send the recording in conf/recordings through the topics once more, as if it happened now; journalled for `verify`.

Every replay gives its events new ids and the present time. Needs a broker with topics, no network.
"""

import argparse
import os
import signal
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from types import FrameType

from rich.console import Console

from jobs.cli import parse, run
from jobs.settings import CONF
from streaming.producers.journal import Journal
from streaming.producers.producer import Connection, Producer, check_topics
from streaming.producers.synthetic.recording import read_recording, replay, shift_records

GROUP = "feed"
_PATIENCE_SECONDS = 4.0


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0 when everything that was sent was acknowledged."""
    parser = argparse.ArgumentParser(
        prog="replay_recording", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--speed",
        type=float,
        default=10.0,
        metavar="FACTOR",
        help="so many times as fast as it was recorded: ten minutes (default: %(default)s)",
    )
    arguments, settings = parse(parser, argv)
    if arguments.speed <= 0:
        parser.error("--speed must be above 0")
    records = read_recording(CONF / "recordings")
    connection = Connection(settings.kafka.address, settings.kafka.max_message_bytes)
    topics = sorted({record.topic for record in records})
    check_topics(connection, topics)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}"
    sender = Producer(connection, Journal(settings.generator.journal / f"recording-replay-{name}.jsonl"), topics)
    console = Console(highlight=False, soft_wrap=True)
    with console.status(f"replaying {len(records)} records, {arguments.speed:g} times as fast as recorded ..."):
        replay(shift_records(records, name, int(time.time() * 1000), arguments.speed), sender, _stop_on_signals())
        sender.close(_PATIENCE_SECONDS)
    console.print(
        f"{sender.sent} of {len(records)} records sent, {sender.acknowledged} acknowledged; their ids begin with {name}"
    )
    return 0 if sender.sent == sender.acknowledged else 1


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask_to_stop)
    return stop


if __name__ == "__main__":
    run(main)
