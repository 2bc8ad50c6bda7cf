"""A real broker for the tests: one per run, on free ports, in a folder of its own."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jobs.settings import BROKER_JARS, Settings, load_settings
from streaming.local.kafka_broker import Broker
from streaming.settings import KafkaSettings


def find_free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now; held together while they are chosen, so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def free_port_overrides() -> list[str]:
    """key=value for every port that an installation listens on."""
    names = ("kafka.port", "kafka.controller_port", "postgres.port", "page.port")
    return [f"{name}={port}" for name, port in zip(names, find_free_ports(len(names)), strict=True)]


@pytest.fixture(scope="session")
def make_settings() -> Callable[[Path], Settings]:
    """Settings of the profile `test` with free ports and everything below the given folder."""

    def make(folder: Path, *overrides: str) -> Settings:
        return load_settings("test", [f"var={folder}", *free_port_overrides(), *overrides])

    return make


@pytest.fixture(scope="session")
def broker_settings(
    make_settings: Callable[[Path], Settings], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KafkaSettings]:
    """Settings of a broker that answers; it is shared, so use topics or ids of your own."""
    settings = make_settings(tmp_path_factory.mktemp("broker")).kafka
    broker = Broker(settings, BROKER_JARS)
    broker.start()
    yield settings
    broker.stop()


@pytest.fixture(scope="session")
def free_ports() -> Callable[[int], list[int]]:
    """`find_free_ports`, for tests that start servers of their own."""
    return find_free_ports
