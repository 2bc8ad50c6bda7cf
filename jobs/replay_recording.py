"""Send the recording in conf/recordings to the topics as new events and journal them for `verify`.

Every replay gives its events new ids and the present time. It needs a broker with topics, but no network.
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
from streaming.producers.producer import BrokerConnection, Producer, check_topics
from streaming.producers.synthetic.recording import read_recording, replay, shift_records

GROUP = "produce"
_CLOSE_TIMEOUT_SECONDS = 4.0  # wait for the last answers


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0 when every record that was sent was acknowledged, else 1."""
    parser = argparse.ArgumentParser(
        prog="replay_recording", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--speed",
        type=float,
        default=10.0,
        metavar="FACTOR",
        help="speed of the replay; at 1 it takes ten minutes, as when it was recorded (default: %(default)s)",
    )
    arguments, settings = parse(parser, argv)
    if arguments.speed <= 0:
        parser.error("--speed must be above 0")
    records = read_recording(CONF / "recordings")
    connection = BrokerConnection(settings.kafka.address, settings.kafka.max_message_bytes)
    topics = sorted({record.topic for record in records})
    check_topics(connection, topics)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}"
    producer = Producer(connection, Journal(settings.generator.journal / f"recording-replay-{name}.jsonl"), topics)
    console = Console(highlight=False, soft_wrap=True)
    with console.status(f"replaying {len(records)} records, {arguments.speed:g} times as fast as recorded ..."):
        replay(shift_records(records, name, int(time.time() * 1000), arguments.speed), producer, _stop_on_signals())
        producer.close(_CLOSE_TIMEOUT_SECONDS)
    console.print(
        f"{producer.sent} of {len(records)} records sent, {producer.acknowledged} acknowledged; "
        f"their ids begin with {name}"
    )
    return 0 if producer.sent == producer.acknowledged else 1


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()

    def stop_on_signal(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop_on_signal)
    return stop


if __name__ == "__main__":
    run(main)
