"""The embedded Kafka broker: one KRaft node on loopback, a child process, from the jars of conf/jars.xml."""

import base64
import os
import shutil
import subprocess
import uuid
from pathlib import Path
from string import Template

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from streaming.errors import ReadTheLog, StreamingError
from streaming.local.processes import (
    LOOPBACK,
    Launch,
    PidFile,
    is_port_free,
    last_lines,
    require_free_port,
    start_process,
    stop_process,
    wait_until,
)
from streaming.settings import KafkaSettings

_HEAP = ("-Xms256m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError")
_LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)
_START_SECONDS = 60.0  # answers after 2.5 s on an idle machine; recovery after a kill -9 takes longer
_STOP_SECONDS = 15.0
_PORT_SECONDS = 5.0  # a killed broker's port may stay taken for a moment


def is_answering(servers: str, timeout_seconds: float = 3.0) -> bool:
    """Whether a broker answers there."""
    timeout_ms = int(timeout_seconds * 1000)
    try:
        client = KafkaAdminClient(bootstrap_servers=servers, bootstrap_timeout_ms=timeout_ms)
    except (KafkaError, OSError, ValueError):
        return False
    try:
        return bool(client.describe_cluster()["brokers"])
    except KafkaError:
        return False
    finally:
        client.close()


class Broker:
    """Starts and stops the embedded broker; its data, log and pid file live below `settings.data`."""

    def __init__(self, settings: KafkaSettings, jars: Path) -> None:
        self._settings = settings
        self._jars = jars
        self._pid_file = PidFile(settings.data / "broker.pid")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """The broker's own log: warnings and errors."""
        return self._settings.data / "broker.log"

    @property
    def pid(self) -> int | None:
        """The running broker's pid, whoever started it."""
        process = self._pid_file.find()
        return process.pid if process else None

    def is_running(self) -> bool:
        """Whether the process in this folder's pid file runs, whoever started it."""
        return self.pid is not None

    def start(self, die_with_parent: bool = True) -> bool:
        """Starts the broker and waits until it answers; False when it was running already.

        Raises:
            FreeThePort: another program listens on one of the two ports.
            ReadTheLog: the broker ended, or did not answer in time.
        """
        with self._pid_file.lock():
            if self.is_running():
                self._wait_until_ready()
                return False
            self._check_ports()
            properties = self._write_properties()
            self._format(properties)
            launch = Launch(die_with_parent=die_with_parent, log=self.log)
            self._process = start_process([*self._java(), "kafka.Kafka", properties], launch)
            self._pid_file.write(self._process.pid)
            self._wait_until_ready()
            return True

    def stop(self) -> None:
        """Stops the broker, whoever started it, and waits until process and port are gone. Idempotent."""
        with self._pid_file.lock():
            if self._process is not None:
                stop_process(self._process, _STOP_SECONDS)
                self._process = None
            self._pid_file.stop(_STOP_SECONDS)
            wait_until(lambda: is_port_free(self._settings.port), _PORT_SECONDS)

    def _check_ports(self) -> None:
        for name in ("port", "controller_port"):
            require_free_port(getattr(self._settings, name), f"kafka.{name}", wait_seconds=_PORT_SECONDS)

    def _write_properties(self) -> Path:
        values = {name: str(value) for name, value in self._settings.model_dump().items()}
        path = self._settings.data / "server.properties"
        path.write_text(Template(self._settings.properties.read_text()).substitute(values))
        return path

    def _format(self, properties: Path) -> None:
        if (self._settings.data / "log" / "meta.properties").exists():
            return
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        arguments = ("format", f"--cluster-id={cluster}", "-c", properties, "-g")
        formatting = start_process([*self._java(), "kafka.tools.StorageTool", *arguments], Launch(log=self.log))
        if formatting.wait(_START_SECONDS) != 0:
            raise ReadTheLog(f"the broker's folder could not be formatted, see {self.log}: {last_lines(self.log)}")

    def _java(self) -> list[str | Path]:
        home = os.environ.get("JAVA_HOME")
        java = shutil.which("java", path=f"{home}/bin" if home else None)
        if java is None:
            raise StreamingError("java was not found: install Java 17 or set JAVA_HOME")
        return [java, *_HEAP, *_LOGGING, "-cp", f"{self._jars}/*"]

    def _wait_until_ready(self) -> None:
        port = self._settings.port
        servers = f"{LOOPBACK}:{port}"
        wait_until(lambda: not self.is_running() or (not is_port_free(port) and is_answering(servers)), _START_SECONDS)
        if not self.is_running():
            raise ReadTheLog(f"the broker ended while it started, see {self.log}: {last_lines(self.log)}")
        if not is_answering(servers):
            raise ReadTheLog(f"the broker did not answer within {_START_SECONDS:.0f} s, see {self.log}")
