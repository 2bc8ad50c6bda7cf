"""Create missing topics; add partitions to topics that have fewer than the settings ask for."""

import argparse
from collections.abc import Sequence

from rich.console import Console

from jobs.cli import parse, run
from streaming.kafka_admin import create_topics

GROUP = "set up"


def main(argv: Sequence[str] | None = None) -> int:
    """Prints one line per topic. Idempotent: it never removes a topic or a partition."""
    _, settings = parse(argparse.ArgumentParser(prog="create_topics", description=__doc__), argv)
    console = Console(highlight=False)
    for line in create_topics(settings.kafka):
        console.print(line)
    return 0


if __name__ == "__main__":
    run(main)
