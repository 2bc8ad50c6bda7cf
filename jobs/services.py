"""Start, stop or look at the embedded broker and database; they stay until `stop`, whatever shell started them.

A service that the settings replace by a real one (kafka.bootstrap_servers, postgres.url) is left alone.
"""

import argparse
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from jobs.cli import parse, run
from jobs.settings import BROKER_JARS
from streaming.local.services import Service, find_services

GROUP = "set up"


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0 when every service is as asked; `status` returns 3 when one does not answer, like `systemctl`."""
    parser = argparse.ArgumentParser(prog="services", description=__doc__)
    parser.add_argument(
        "action",
        choices=["start", "stop", "status"],
        help="start: detached, returns when both answer; stop: leaves no process and no open port; "
        "status: exit code 3 when one does not answer",
    )
    arguments, settings = parse(parser, argv)
    services = find_services(settings.kafka, settings.postgres, BROKER_JARS)
    console = Console(highlight=False)
    if arguments.action == "start":
        return _start(services, console)
    return _stop(services, console) if arguments.action == "stop" else _show(services, console)


def _start(services: list[Service], console: Console) -> int:
    for service in services:
        if not service.embedded:
            console.print(f"{service.name}: a real one is configured at {service.address}, nothing to start")
        elif service.is_running():
            console.print(f"{service.name}: runs already at {service.address}")
        else:
            with console.status(f"starting the {service.name} ..."):
                service.start(False)
            console.print(f"{service.name}: started at {service.address}")
    return 0


def _stop(services: list[Service], console: Console) -> int:
    for service in reversed(services):
        was_running = service.is_running()
        with console.status(f"stopping the {service.name} ..."):
            service.stop()
        console.print(f"{service.name}: {'stopped' if was_running else 'was not running'}")
    return 0


def _show(services: list[Service], console: Console) -> int:
    table = Table("service", "kind", "address", "state")
    answers = [service.is_answering() for service in services]
    for service, answering in zip(services, answers, strict=True):
        kind = "embedded" if service.embedded else "configured"
        table.add_row(service.name, kind, service.address, "answers" if answering else "does not answer")
    console.print(table)
    return 0 if all(answers) else 3


if __name__ == "__main__":
    run(main)
