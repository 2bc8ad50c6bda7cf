"""Broker and database as the settings ask for them: embedded ones, unless real ones are configured."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from streaming.local.kafka_broker import Broker, is_answering
from streaming.local.postgres_server import PostgresServer
from streaming.settings import KafkaSettings
from warehouse.database.connections import connect, role_url
from warehouse.errors import WarehouseError
from warehouse.settings import PostgresSettings


@dataclass(frozen=True)
class Service:
    """Broker or database.

    `address`: where clients connect, without a password. `embedded`: False where a real one is configured, which is
    never started. `start` takes whether the service ends with the calling thread; `is_running` is about the embedded
    process, `is_answering` about whatever listens at the address.
    """

    name: str
    address: str
    embedded: bool
    start: Callable[[bool], object]
    stop: Callable[[], None]
    is_running: Callable[[], bool]
    is_answering: Callable[[], bool]


def find_services(kafka: KafkaSettings, postgres: PostgresSettings, jars: Path) -> list[Service]:
    """Broker, then database: the order in which they start."""
    broker, server = Broker(kafka, jars), PostgresServer(postgres)
    return [
        Service(
            "broker",
            kafka.address,
            not kafka.bootstrap_servers,
            broker.start,
            broker.stop,
            broker.is_running,
            lambda: is_answering(kafka.address),
        ),
        Service(
            "database",
            _without_login(postgres),
            not postgres.url,
            server.start,
            server.stop,
            server.is_running,
            lambda: _database_answers(postgres),
        ),
    ]


def _without_login(postgres: PostgresSettings) -> str:
    if not postgres.url:
        return f"127.0.0.1:{postgres.port}/afluente"
    return postgres.url.partition("://")[2].rpartition("@")[2].partition("?")[0]


def _database_answers(postgres: PostgresSettings) -> bool:
    try:
        connect(role_url(postgres, "owner"), application_name="afluente status").close()
    except WarehouseError:
        return False
    return True
