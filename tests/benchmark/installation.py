"""Broker and database of one benchmark: started once on free ports, emptied before every run of a contender."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jobs.settings import BROKER_JARS, ROOT, Settings, load_settings
from streaming.errors import ReadTheLog
from streaming.kafka_admin import create_topics, open_admin
from streaming.local.child_jobs import ChildJobs
from streaming.local.processes import Launch, start_process, wait_until
from streaming.local.services import find_services
from tests.support.ports import find_free_ports
from warehouse.database.connections import connect, role_url

_TOPICS_SECONDS = 30.0
WAITING_RATE = 2000
"""Posts per second of event time among waiting posts: an outage of minutes at the highest rate."""
_SCHEMAS = ("warehouse", "ops", "serving", "baseline")


@dataclass(frozen=True)
class Round:
    """Folders and settings of one contender's run; `children` starts jobs with these settings."""

    name: str
    folder: Path
    journal: Path
    settings: Settings
    children: ChildJobs


class Installation:
    """Broker, database, topics. `profile` and `overrides` are those of the command line; ours are put after them."""

    def __init__(self, folder: Path, profile: str, overrides: list[str]) -> None:
        self.folder = folder
        ports = find_free_ports(4)
        names = ("kafka.port", "kafka.controller_port", "postgres.port", "page.port")
        self._services_folder = folder / "services"
        self._profile = profile
        self._overrides = [
            *overrides,
            *(f"{name}={port}" for name, port in zip(names, ports, strict=True)),
            f"kafka.data={self._services_folder / 'kafka'}",
            f"postgres.data={self._services_folder / 'postgres'}",
            f"postgres.secrets={self._services_folder / 'secrets'}",
        ]
        self.settings = load_settings(profile, [*self._overrides, f"var={self._services_folder}"])
        self._services = find_services(self.settings.kafka, self.settings.postgres, BROKER_JARS)
        self._waiting: tuple[int, Path] | None = None

    @contextmanager
    def running(self) -> Iterator["Installation"]:
        """Broker and database run inside the block."""
        try:
            for service in self._services:
                service.start(True)
            yield self
        finally:
            for service in reversed(self._services):
                service.stop()

    def find_pids(self) -> dict[str, int]:
        """The processes of the services, for the CPU sampler."""
        broker = json.loads((self.settings.kafka.data / "broker.pid").read_text())["pid"]
        postmaster = (self.settings.postgres.data / "cluster" / "postmaster.pid").read_text().split("\n", 1)[0]
        return {"broker": int(broker), "database": int(postmaster)}

    @contextmanager
    def round(self, name: str, machines: int = 10, journal: Path | None = None) -> Iterator[Round]:
        """An empty lake and an empty database for one contender; the lake is deleted afterwards, the logs are kept."""
        folder = self.folder / "rounds" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        own_journal = journal or folder / "journal"
        overrides = [f"var={folder}", f"generator.journal={own_journal}", f"generator.machines={machines}"]
        words = [word for each in (*self._overrides, *overrides) for word in ("--set", each)]
        children = ChildJobs(ROOT, self.folder / "logs" / name, ["--profile", self._profile, *words])
        settings = load_settings(self._profile, [*self._overrides, *overrides])
        self._empty_database()
        children.run("migrate")
        try:
            yield Round(name, folder, own_journal, settings, children)
        finally:
            children.stop(grace_seconds=10)
            shutil.rmtree(folder, ignore_errors=True)

    def empty_topics(self) -> None:
        """Deletes and creates the topics."""
        self._waiting = None
        wanted = sorted(self.settings.kafka.partitions)
        with open_admin(self.settings.kafka) as admin:
            present = sorted(set(admin.list_topics()) & set(wanted))
            if present:
                admin.delete_topics(present)
            wait_until(lambda: not set(admin.list_topics()) & set(wanted), _TOPICS_SECONDS, poll_seconds=0.2)
        create_topics(self.settings.kafka)

    def fill_topics(self, posts: int) -> Path:
        """Makes `posts` clean posts wait in the topic, once for all runs that follow; returns their journal."""
        if self._waiting and self._waiting[0] == posts:
            return self._waiting[1]
        self.empty_topics()
        journal = self.folder / f"waiting-{posts}"
        shutil.rmtree(journal, ignore_errors=True)
        start = datetime.now(UTC) - timedelta(seconds=posts / WAITING_RATE + 60)
        words = ["posts", "--count", str(posts), "--unpaced", "--rate", str(WAITING_RATE), "--start", start.isoformat()]
        generator = self.start_generator(words, [f"generator.journal={journal}"], "waiting")
        if generator.wait() != 0:
            raise ReadTheLog(f"the generator failed; its log: {self.folder / 'logs' / 'waiting' / 'generate.log'}")
        self._waiting = (posts, journal)
        return journal

    def start_generator(self, words: list[str], overrides: list[str], name: str) -> "subprocess.Popen[bytes]":
        """Starts the clean generator; its log is in the folder of the round `name`."""
        settings = [word for each in (*self._overrides, *overrides) for word in ("--set", each)]
        module = [sys.executable, "-P", "-m", "tests.benchmark.clean_generator"]
        return start_process(
            [*module, *words, "--profile", self._profile, *settings],
            Launch(log=self.folder / "logs" / name / "generate.log"),
        )

    def fetch_rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Result of a query, run as the database's owner."""
        with closing(connect(self.owner_url, application_name="benchmark")) as session, session.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def execute(self, statement: str) -> None:
        """Runs statements as the database's owner and commits."""
        with closing(connect(self.owner_url, application_name="benchmark")) as session, session:
            session.cursor().execute(statement)

    @property
    def owner_url(self) -> str:
        """URL of the database's owner, with the password."""
        return role_url(self.settings.postgres, "owner")

    def _empty_database(self) -> None:
        self.execute("".join(f"DROP SCHEMA IF EXISTS {schema} CASCADE;" for schema in _SCHEMAS))
