"""Bring the database to the newest shape: roles, tables, views, machines. Run it as often as you like."""

import argparse
from collections.abc import Sequence
from contextlib import closing

import yaml
from rich.console import Console

from jobs.cli import parse, run
from jobs.settings import CONF, Settings, SettingsError
from warehouse.database.connections import connect, role_url
from warehouse.database.machine_reference import Reference, parse_reference
from warehouse.database.migrations import migrate

GROUP = "set up"


def main(argv: Sequence[str] | None = None) -> int:
    """Reports one line per thing that was applied, or that there was nothing to do."""
    parser = argparse.ArgumentParser(
        prog="migrate",
        description=__doc__,
        epilog="The embedded database must run (./spark-submit.sh services start); or set postgres.url to the URL of "
        "a database's owner, who may make roles. Passwords of the other roles are made in postgres.secrets.",
    )
    _, settings = parse(parser, argv)
    console = Console(highlight=False)
    applied = apply(settings)
    for line in applied or ["nothing to do"]:
        console.print(line)
    return 0


def apply(settings: Settings) -> list[str]:
    """Connects as the owner and migrates; what was done, in words."""
    with closing(connect(role_url(settings.postgres, "owner"), application_name="afluente migrate")) as connection:
        return migrate(connection, settings.postgres, read_reference())


def read_reference() -> Reference:
    """Machines, sensors and shifts of conf/machines.yaml."""
    path = CONF / "machines.yaml"
    try:
        return parse_reference(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise SettingsError(f"{path} cannot be read: {' '.join(str(error).split())}") from None


if __name__ == "__main__":
    run(main)
