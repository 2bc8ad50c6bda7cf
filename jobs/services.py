"""Start or stop the embedded broker and database, or show whether they answer.

They run until `stop`, also after the shell that started them has ended. A service that is configured elsewhere
(kafka.bootstrap_servers, postgres.url) is neither started nor stopped.
"""

import argparse
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from jobs.cli import ExitCode, parse, run
from jobs.settings import BROKER_JARS
from streaming.local.services import Service, find_services

GROUP = "set up"


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0 when every service is as asked; `status` returns 1 when one does not answer."""
    parser = argparse.ArgumentParser(prog="services", description=__doc__)
    parser.add_argument(
        "action",
        choices=["start", "stop", "status"],
        help="start: in the background, returns when both answer; stop: returns when processes and ports are gone; "
        "status: exit code 1 when one does not answer",
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
            console.print(f"{service.name}: configured at {service.address}, nothing to start")
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
        kind = "embedded" if service.embedded else "external"
        table.add_row(service.name, kind, service.address, "answers" if answering else "does not answer")
    console.print(table)
    return ExitCode.DONE if all(answers) else ExitCode.FAILED


if __name__ == "__main__":
    run(main)
