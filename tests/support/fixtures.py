"""Fixtures of all suites: broker, database, Spark session and stream. Names say whether they are shared or per test.

Every run of pytest loads this file, so modules that load Spark, Kafka or DuckDB are imported inside their fixture.
"""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from jobs.settings import Settings
    from streaming.settings import KafkaSettings
    from tests.support.stream import InProcessStream
    from warehouse.database.connections import Connection
    from warehouse.settings import PostgresSettings


@pytest.fixture(scope="session")
def make_settings() -> "Callable[..., Settings]":
    """`make_settings(folder, *overrides)`: the profile `test` with free ports and everything below the folder."""
    from jobs.settings import load_settings
    from tests.support.ports import free_port_overrides

    def make(folder: Path, *overrides: str) -> "Settings":
        return load_settings("test", [f"var={folder}", *free_port_overrides(), *overrides])

    return make


@pytest.fixture(scope="session")
def broker_settings(
    make_settings: "Callable[..., Settings]", tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[KafkaSettings]":
    """Settings of a running broker that all tests share; a test uses topics or ids of its own."""
    from jobs.settings import BROKER_JARS
    from streaming.local.kafka_broker import Broker

    settings = make_settings(tmp_path_factory.mktemp("broker")).kafka
    broker = Broker(settings, BROKER_JARS)
    broker.start()
    yield settings
    broker.stop()


@pytest.fixture(scope="session")
def postgres_server() -> "Iterator[PostgresSettings]":
    """A running embedded server that all tests share; its database `afluente` is empty.

    Its folder is not below pytest's own: every other run of pytest closes that to other users, and where tests run as
    root the server runs as another user.
    """
    from streaming.local.postgres_server import PostgresServer
    from tests.support.postgres import find_free_port
    from warehouse.settings import PostgresSettings

    with tempfile.TemporaryDirectory(prefix="afluente-postgres-") as folder:
        home = Path(folder)
        settings = PostgresSettings(url="", port=find_free_port(), data=home / "data", secrets=home / "secrets")
        server = PostgresServer(settings, {"fsync": "off"})
        server.start(die_with_parent=True)
        yield settings
        server.stop()


@pytest.fixture(scope="session")
def migrated_template(postgres_server: "PostgresSettings") -> "PostgresSettings":
    """The server, with a migrated database that tests copy and never use."""
    from tests.support.postgres import make_migrated_template

    make_migrated_template(postgres_server)
    return postgres_server


@pytest.fixture
def postgres(migrated_template: "PostgresSettings") -> "PostgresSettings":
    """A migrated database without rows in its fact tables, for one test; use `role_url` to connect."""
    from tests.support.postgres import MIGRATED, make_database

    return make_database(migrated_template, MIGRATED)


@pytest.fixture
def empty_postgres(postgres_server: "PostgresSettings") -> "PostgresSettings":
    """A database without anything in it, for one test."""
    from tests.support.postgres import make_database

    return make_database(postgres_server)


@pytest.fixture
def session_of(postgres: "PostgresSettings") -> "Iterator[Callable[[str], Connection]]":
    """Opens sessions in the test's database by role and closes them afterwards."""
    from warehouse.database.connections import connect, role_url

    sessions: list[Connection] = []

    def open_session(role: str) -> "Connection":
        sessions.append(connect(role_url(postgres, role), application_name=f"tests {role}"))
        return sessions[-1]

    yield open_session
    for session in sessions:
        session.close()


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[SparkSession]":
    """A local session that all tests share, with the configuration of `conf/spark-defaults.conf`."""
    from pyspark.sql import SparkSession

    from jobs.session import tune
    from jobs.settings import CONF, ROOT, SPARK_JARS

    os.environ.update(PYSPARK_PYTHON=sys.executable, PYTHONPATH=str(ROOT), SPARK_LOCAL_IP="127.0.0.1")
    builder = SparkSession.builder.master("local[2]").appName("afluente tests")
    for line in (CONF / "spark-defaults.conf").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            builder = builder.config(*line.split(None, 1))
    session = (
        builder.config("spark.jars", ",".join(str(jar) for jar in sorted(SPARK_JARS.glob("*.jar"))))
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.driver.memory", "1g")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.warehouse.dir", str(tmp_path_factory.mktemp("warehouse")))
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("OFF")
    tune(session)
    yield session
    session.stop()


@pytest.fixture
def stream(
    spark: "SparkSession",
    broker_settings: "KafkaSettings",
    postgres: "PostgresSettings",
    make_settings: "Callable[..., Settings]",
    tmp_path: Path,
) -> "InProcessStream":
    """The stream over empty topics, an empty lake and a migrated database, for one test."""
    from tests.support.stream import InProcessStream, recreate_topics

    recreate_topics(broker_settings)
    settings = make_settings(tmp_path)
    return InProcessStream(spark, settings.model_copy(update={"kafka": broker_settings, "postgres": postgres}))
