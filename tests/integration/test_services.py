"""The real broker and database as services: they outlive the process that started them, and stop without a trace."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from kafka import KafkaProducer
from kafka.errors import MessageSizeTooLargeError

from jobs.settings import BROKER_JARS, ROOT, Settings
from streaming.errors import FreeThePort, StartBroker
from streaming.kafka_admin import create_topics, describe_topics, read_end_offsets
from streaming.local.kafka_broker import Broker
from streaming.local.processes import is_port_free, wait_until
from streaming.local.services import find_services
from streaming.settings import KafkaSettings

MakeSettings = Callable[..., Settings]


@pytest.fixture
def settings(make_settings: MakeSettings, tmp_path: Path) -> Iterator[Settings]:
    """Settings of a folder of its own; services that still run there at the end are stopped."""
    made = make_settings(tmp_path)
    yield made
    for service in find_services(made.kafka, made.postgres, BROKER_JARS):
        service.stop()


def run_services(action: str, settings: Settings) -> subprocess.CompletedProcess[str]:
    words = {
        "var": settings.var,
        "kafka.port": settings.kafka.port,
        "kafka.controller_port": settings.kafka.controller_port,
        "postgres.port": settings.postgres.port,
    }
    sets = [word for name, value in words.items() for word in ("--set", f"{name}={value}")]
    return subprocess.run(
        [sys.executable, "-m", "jobs", "services", action, *sets],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_alive(pid: int) -> bool:
    """A zombie has ended: it only waits until process 1 reads its exit code."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_services_outlive_their_starter_and_stop_without_a_trace(settings: Settings) -> None:
    ports = (settings.kafka.port, settings.kafka.controller_port, settings.postgres.port)
    assert run_services("status", settings).returncode == 1
    assert run_services("start", settings).returncode == 0
    assert all(is_open(port) for port in ports)
    assert run_services("status", settings).returncode == 0
    again = run_services("start", settings)
    assert (again.returncode, again.stdout.count("runs already")) == (0, 2)
    started = [p for p in psutil.process_iter(["cmdline"]) if str(settings.var) in " ".join(p.info["cmdline"] or [])]
    assert len(started) >= 2
    for _ in range(2):  # the second stop finds nothing to stop
        assert run_services("stop", settings).returncode == 0
        assert not any(is_open(port) for port in ports)
        assert not any(is_alive(process.pid) for process in started)


def test_a_taken_port_is_one_sentence(settings: Settings) -> None:
    with socket.socket() as intruder:
        intruder.bind(("127.0.0.1", settings.kafka.port))
        intruder.listen()
        answer = run_services("start", settings)
    assert answer.returncode == 1
    assert answer.stderr.strip().splitlines()[-1].startswith(f"port {settings.kafka.port} is taken by another program")
    assert "Traceback" not in answer.stderr


def test_configured_services_are_not_embedded_and_show_no_password(make_settings: MakeSettings, tmp_path: Path) -> None:
    made = make_settings(tmp_path, "kafka.bootstrap_servers=broker.example:9092", "postgres.url=postgresql://u:p@h/d")
    broker, database = find_services(made.kafka, made.postgres, BROKER_JARS)
    assert (broker.embedded, broker.address) == (False, "broker.example:9092")
    assert (database.embedded, database.address) == (False, "h/d")


def test_a_broker_killed_hard_starts_again_with_its_records(settings: Settings) -> None:
    broker = Broker(settings.kafka, BROKER_JARS)
    broker.start()
    create_topics(settings.kafka)
    send(settings.kafka, "posts", b"kept")
    before = describe_topics(settings.kafka)
    pid = broker.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not broker.is_running(), 10)
    second = Broker(settings.kafka, BROKER_JARS)
    assert second.start() is True
    assert sum(read_end_offsets(settings.kafka)["posts"].values()) == 1
    assert describe_topics(settings.kafka) == before  # the same topic uuid


def test_a_broker_dies_with_its_parent(settings: Settings) -> None:
    code = (
        "import sys; from pathlib import Path; from jobs.settings import *\n"
        "from streaming.local.kafka_broker import Broker\n"
        f"s = load_settings('test', {sets_of(settings)!r}); b = Broker(s.kafka, BROKER_JARS)\n"
        "b.start(die_with_parent=True); print(b.pid, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    assert wait_until(lambda: not is_alive(pid), 10)
    assert wait_until(lambda: is_port_free(settings.kafka.port), 10)


def test_a_second_broker_does_not_start_on_a_taken_port(
    settings: Settings, make_settings: MakeSettings, tmp_path: Path
) -> None:
    Broker(settings.kafka, BROKER_JARS).start()
    other = make_settings(tmp_path / "other", f"kafka.port={settings.kafka.port}")
    with pytest.raises(FreeThePort, match=str(settings.kafka.port)):
        Broker(other.kafka, BROKER_JARS).start()


def test_topics_are_created_once_widened_and_never_shrunk(broker_settings: KafkaSettings) -> None:
    def create(partitions: int) -> str:
        return create_topics(broker_settings.model_copy(update={"partitions": {"widened": partitions}}))[0]

    assert create(2) == "widened: created with 2 partitions"
    assert create(2) == "widened: exists with 2 partitions"
    assert create(3).startswith("widened: widened from 2 to 3 partitions")
    assert create(1).startswith("widened: has 3 partitions, 1 are set")


def test_the_brokers_clock_stamps_records_and_large_ones_are_refused(broker_settings: KafkaSettings) -> None:
    own = broker_settings.model_copy(update={"partitions": {"stamped": 1}})
    create_topics(own)
    long_ago = 86_400_000
    metadata = send(own, "stamped", b"x", timestamp_ms=long_ago)
    assert metadata.timestamp > long_ago
    with pytest.raises(MessageSizeTooLargeError):
        send(own, "stamped", b"x" * (own.max_message_bytes + 1))


def test_an_absent_broker_is_one_sentence(make_settings: MakeSettings, tmp_path: Path) -> None:
    absent = make_settings(tmp_path).kafka
    with pytest.raises(StartBroker, match=f"no broker answers at 127.0.0.1:{absent.port}"):
        create_topics(absent)


def sets_of(settings: Settings) -> list[str]:
    return [
        f"var={settings.var}",
        f"kafka.port={settings.kafka.port}",
        f"kafka.controller_port={settings.kafka.controller_port}",
    ]


def send(kafka: KafkaSettings, topic: str, value: bytes, timestamp_ms: int | None = None):
    """Sends one record, also one larger than the broker accepts; returns the broker's metadata."""
    producer = KafkaProducer(bootstrap_servers=kafka.address, max_request_size=10 * kafka.max_message_bytes)
    try:
        return producer.send(topic, value, timestamp_ms=timestamp_ms).get(timeout=30)
    finally:
        producer.close()
