"""Serve the live page: top hashtags, machines with their sensors, and the age of the data."""

import argparse
import errno
import logging
import signal
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from flask import Flask
from rich.console import Console
from waitress.server import BaseWSGIServer, create_server

from jobs.cli import parse, run
from jobs.settings import SettingsError
from streaming.errors import FreeThePort
from warehouse.dashboards.app import build_app, build_refresh_caches
from warehouse.database.connections import make_pool, role_url
from warehouse.settings import PageSettings

GROUP = "run"
LOG = logging.getLogger(__name__)
CONNECTIONS = 2  # one per ranking span that a viewer can choose; all viewers share them
THREADS = 8


def main(argv: Sequence[str] | None = None) -> int:
    """Serves until Ctrl-C or SIGTERM."""
    _, settings = parse(_build_parser(), argv)
    pool = make_pool(role_url(settings.postgres, "reader"), CONNECTIONS, "afluente page")
    app = build_app(build_refresh_caches(pool, settings.page.refresh_seconds), settings.page)
    server = _listen(app.server, settings.page)
    signal.signal(signal.SIGTERM, _exit)
    address = f"http://{settings.page.host}:{server.effective_port}/"
    Console(highlight=False).print(f"The page is served at {address} (stop with Ctrl-C).")
    try:
        server.run()
    finally:
        server.close()
        pool.close()
    return 0


def _build_parser() -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog="dashboard",
        description=__doc__,
        epilog="Port and refresh interval are settings: --set page.port=8051, --set page.refresh_seconds=2. The page "
        "reads the serving views with the read-only role; while the database does not answer it keeps showing the "
        "last data and reports the problem.",
    )


def _listen(server: Flask, page: PageSettings) -> BaseWSGIServer:
    try:
        return create_server(
            server, host=page.host, port=page.port, threads=THREADS, ident="", clear_untrusted_proxy_headers=True
        )
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise FreeThePort(
                f"port {page.port} is taken by another program: stop it, or set another port with --set page.port=8051"
            ) from None
        raise SettingsError(
            f"cannot listen on {page.host} port {page.port} ({error.strerror}): correct page.host and page.port"
        ) from None


def _exit(signum: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    run(main)
