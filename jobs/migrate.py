"""Set up or update the database: create roles, apply new migrations, reload views, upsert machines. Safe to repeat."""

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
    """Prints one line per change, or `nothing to do`."""
    parser = argparse.ArgumentParser(
        prog="migrate",
        description=__doc__,
        epilog="The embedded database must run (./spark-submit.sh services start); or set postgres.url to the URL of a "
        "database with the user who owns it and may create roles. Passwords of the other roles are generated in the "
        "folder postgres.secrets.",
    )
    _, settings = parse(parser, argv)
    console = Console(highlight=False)
    for line in apply_migrations(settings) or ["nothing to do"]:
        console.print(line)
    return 0


def apply_migrations(settings: Settings) -> list[str]:
    """Connects as the owner and migrates; returns one line per change."""
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
