"""Start, stop or look at the embedded broker and database; they stay until `stop`, whatever shell started them.

A piece that the settings replace by a real one (kafka.bootstrap_servers, postgres.url) is left alone.
"""

import argparse
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from jobs.cli import parse, run
from jobs.settings import BROKER_JARS
from streaming.embedded import Piece, find_pieces

GROUP = "set up"


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0 when every piece is as asked; `status` returns 3 when one does not answer, like `systemctl`."""
    parser = argparse.ArgumentParser(prog="services", description=__doc__)
    parser.add_argument(
        "action",
        choices=["start", "stop", "status"],
        help="start: detached, returns when both answer; stop: leaves no process and no open port; "
        "status: exit code 3 when one does not answer",
    )
    arguments, settings = parse(parser, argv)
    pieces = find_pieces(settings.kafka, settings.postgres, BROKER_JARS)
    console = Console(highlight=False)
    if arguments.action == "start":
        return _start(pieces, console)
    return _stop(pieces, console) if arguments.action == "stop" else _show(pieces, console)


def _start(pieces: list[Piece], console: Console) -> int:
    for piece in pieces:
        if not piece.embedded:
            console.print(f"{piece.name}: a real one is configured at {piece.address}, nothing to start")
        elif piece.is_running():
            console.print(f"{piece.name}: runs already at {piece.address}")
        else:
            with console.status(f"starting the {piece.name} ..."):
                piece.start(False)
            console.print(f"{piece.name}: started at {piece.address}")
    return 0


def _stop(pieces: list[Piece], console: Console) -> int:
    for piece in reversed(pieces):
        was_running = piece.is_running()
        with console.status(f"stopping the {piece.name} ..."):
            piece.stop()
        console.print(f"{piece.name}: {'stopped' if was_running else 'was not running'}")
    return 0


def _show(pieces: list[Piece], console: Console) -> int:
    table = Table("piece", "kind", "address", "state")
    answers = [piece.is_answering() for piece in pieces]
    for piece, answering in zip(pieces, answers, strict=True):
        kind = "embedded" if piece.embedded else "configured"
        table.add_row(piece.name, kind, piece.address, "answers" if answering else "does not answer")
    console.print(table)
    return 0 if all(answers) else 3


if __name__ == "__main__":
    run(main)
