"""Free TCP ports for the servers that tests start."""

import socket


def find_free_ports(count: int) -> list[int]:
    """Loopback ports without a listener; all are held open while they are chosen, so that they differ."""
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
