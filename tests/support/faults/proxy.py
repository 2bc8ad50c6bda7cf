"""A TCP proxy in front of PostgreSQL that delays, holds or cuts its traffic, or one message that a test chooses."""

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
"""`marker` and `after` of an interception: the first rows that a ledger transaction copies."""
AT_COMMIT = (b"INSERT INTO ops.row_counts", 1)
"""The COMMIT of a ledger transaction, known by its last statement: transactions that only read end with COMMIT too."""
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER of 0 seconds: the peer gets RST instead of FIN


class Disruption(Enum):
    """What happens to the intercepted message of a client."""

    HOLD = "the proxy keeps it until the interception is released"
    CUT = "half of it is forwarded, then both sides get a reset"
    DROP_ANSWER = "it is forwarded; instead of its answer both sides get a reset"


@dataclass
class Interception:
    """Disrupts one message: the first chunk that contains `marker`, or the chunk that many `after` it."""

    marker: bytes
    disruption: Disruption
    after: int = 0
    hit: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)


class Proxy:
    """Listens on a free port and forwards to port `target`; delay and black hole apply to all connections."""

    def __init__(self, target: int) -> None:
        self.delay_seconds = 0.0
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._flowing = threading.Event()
        self._flowing.set()
        self._interception: Interception | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The `postgres.url` of a job whose connections lead through the proxy; the job adds its login."""
        return f"postgresql://127.0.0.1:{self._listener.getsockname()[1]}/afluente"

    @contextmanager
    def black_hole(self) -> Iterator[None]:
        """While the block runs nothing is forwarded and nothing reset; what was sent meanwhile arrives afterwards."""
        self._flowing.clear()
        try:
            yield
        finally:
            self._flowing.set()

    @contextmanager
    def intercept(self, marker: bytes, disruption: Disruption, after: int = 0) -> Iterator[Interception]:
        """Waits for a message to disrupt while the block runs; a message that is held is forwarded at its end."""
        self._interception = interception = Interception(marker, disruption, after)
        try:
            yield interception
        finally:
            self._interception = None
            interception.released.set()

    def close(self) -> None:
        """Accepts no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                self._flowing.wait()
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:  # the database does not listen: the client sees a refused connection
                    _reset(client)
                    continue
                _Connection(self, client, server).start()

    def delay(self) -> None:
        """Waits as long as each chunk has to wait now."""
        time.sleep(self.delay_seconds)
        self._flowing.wait()

    def find_pending(self) -> Interception | None:
        """The interception that has not hit its message yet."""
        return None if self._interception is None or self._interception.hit.is_set() else self._interception


class _Connection:
    """Forwards both directions of one connection, each in a thread."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._marked: Interception | None = None
        self._chunks_left = 0
        self._drops_answer = False

    def start(self) -> None:
        for forward in (self._forward_request, self._forward_answer):
            threading.Thread(target=self._repeat, args=(forward,), daemon=True).start()

    def _repeat(self, forward: Callable[[], bool]) -> None:
        with suppress(OSError):
            while forward():
                pass
        for side in (self._client, self._server):
            _reset(side)

    def _forward_request(self) -> bool:
        """One chunk from the client to the server; False when the connection has ended."""
        data = self._client.recv(CHUNK_BYTES)
        if not data:
            return False
        self._proxy.delay()
        interception = self._find_interception(data)
        if interception is None:
            self._server.sendall(data)
            return True
        self._drops_answer = interception.disruption is Disruption.DROP_ANSWER
        interception.hit.set()
        if interception.disruption is Disruption.CUT:
            self._server.sendall(data[: len(data) // 2])
            return False
        if interception.disruption is Disruption.HOLD:
            interception.released.wait()
        self._server.sendall(data)
        return True

    def _forward_answer(self) -> bool:
        """One chunk from the server to the client; False when the connection has ended."""
        data = self._server.recv(CHUNK_BYTES)
        self._proxy.delay()
        if self._drops_answer or not data:
            return False
        self._client.sendall(data)
        return True

    def _find_interception(self, data: bytes) -> Interception | None:
        """The interception that hits this chunk: it contains the marker, or is the wanted number of chunks after it."""
        pending = self._proxy.find_pending()
        if pending is not self._marked:
            self._marked = None
        if pending is None:
            return None
        if self._marked is None and pending.marker in data:
            self._marked, self._chunks_left = pending, pending.after
        elif self._marked is not None:
            self._chunks_left -= 1
        return pending if self._marked is pending and self._chunks_left == 0 else None


def _reset(side: socket.socket) -> None:
    with suppress(OSError):
        side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        side.shutdown(socket.SHUT_RD)  # wakes the thread that waits in recv; the peer does not notice
        side.close()
