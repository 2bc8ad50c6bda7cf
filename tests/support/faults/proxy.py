"""A TCP proxy in front of PostgreSQL that delays, holds, cuts and swallows, at a message that a test chooses."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum

CHUNK_BYTES = 65_536
IN_COPY = (b"COPY ", 1)
"""Marker and distance of the first rows that a ledger transaction copies."""
AT_COMMIT = (b"INSERT INTO ops.row_counts", 1)
"""The COMMIT of a ledger transaction: what follows its last statement. (Mere looks end with a COMMIT too.)"""
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER of no seconds: the peer gets a reset, not an end


class Trick(Enum):
    """What happens at the marked message of a client."""

    HOLD = "it stays here until the trap is released"
    CUT = "half of it is sent on, then both sides get a reset"
    SWALLOW = "it is sent on; its answer is not, both sides get a reset instead"


@dataclass
class Trap:
    """Waits for the first message that holds `marker`, or for one so many chunks `after` it, and does its trick."""

    marker: bytes
    trick: Trick
    after: int = 0
    sprung: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)


class Proxy:
    """Listens on a free port and forwards to `target`; all connections share one mood."""

    def __init__(self, target: int) -> None:
        self.delay_seconds = 0.0
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._flowing = threading.Event()
        self._flowing.set()
        self._trap: Trap | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The `postgres.url` of a job that shall pass through here; the job adds its login."""
        return f"postgresql://127.0.0.1:{self._listener.getsockname()[1]}/afluente"

    @contextmanager
    def black_hole(self) -> Iterator[None]:
        """Nothing passes in either direction, nobody is told; what was sent meanwhile arrives afterwards."""
        self._flowing.clear()
        try:
            yield
        finally:
            self._flowing.set()

    @contextmanager
    def trap(self, marker: bytes, trick: Trick, after: int = 0) -> Iterator[Trap]:
        """Arms a trap while the block runs; what it holds is let go at the end."""
        self._trap = trap = Trap(marker, trick, after)
        try:
            yield trap
        finally:
            self._trap = None
            trap.released.set()

    def close(self) -> None:
        """No new connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                self._flowing.wait()
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:  # nobody listens: so it is here
                    _reset(client)
                    continue
                _Connection(self, client, server).start()

    def pass_on(self) -> None:
        """Waits as long as a message needs here."""
        time.sleep(self.delay_seconds)
        self._flowing.wait()

    def find_trap(self) -> Trap | None:
        """The trap that is armed and has not sprung."""
        return None if self._trap is None or self._trap.sprung.is_set() else self._trap


class _Connection:
    """Both directions of one connection."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._marked: Trap | None = None
        self._countdown = 0
        self._swallowing = False

    def start(self) -> None:
        for work in (self._upwards, self._downwards):
            threading.Thread(target=self._pump, args=(work,), daemon=True).start()

    def _pump(self, work: Callable[[], bool]) -> None:
        with suppress(OSError):
            while work():
                pass
        self._end()

    def _upwards(self) -> bool:
        data = self._client.recv(CHUNK_BYTES)
        if not data:
            return False
        self._proxy.pass_on()
        trap = self._find_trap(data)
        if trap is None:
            self._server.sendall(data)
            return True
        self._swallowing = trap.trick is Trick.SWALLOW
        trap.sprung.set()
        if trap.trick is Trick.CUT:
            self._server.sendall(data[: len(data) // 2])
            return False
        if trap.trick is Trick.HOLD:
            trap.released.wait()
        self._server.sendall(data)
        return True

    def _downwards(self) -> bool:
        data = self._server.recv(CHUNK_BYTES)
        self._proxy.pass_on()
        if self._swallowing or not data:
            return False
        self._client.sendall(data)
        return True

    def _find_trap(self, data: bytes) -> Trap | None:
        """The trap that this chunk springs: it holds the marker, or is so many chunks behind it."""
        armed = self._proxy.find_trap()
        if armed is not self._marked:
            self._marked = None
        if armed is None:
            return None
        if self._marked is None and armed.marker in data:
            self._marked, self._countdown = armed, armed.after
        elif self._marked is not None:
            self._countdown -= 1
        return armed if self._marked is armed and self._countdown == 0 else None

    def _end(self) -> None:
        for side in (self._client, self._server):
            _reset(side)


def _reset(side: socket.socket) -> None:
    with suppress(OSError):
        side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        side.shutdown(socket.SHUT_RD)  # wakes the thread that waits there; to the peer it says nothing
        side.close()
