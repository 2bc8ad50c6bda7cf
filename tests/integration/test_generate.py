"""The jobs that send records, on a real broker: the journal agrees with the topics."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition

from jobs.settings import BROKER_JARS, ROOT, Settings, load_settings
from streaming.kafka_admin import create_topics
from streaming.local.kafka_broker import Broker

Job = Callable[..., subprocess.CompletedProcess[str]]
Records = dict[tuple[str, int, int], tuple[str, int]]
TOPICS = ("posts", "readings", "machine_events")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def overrides(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return [
        f"var={tmp_path_factory.mktemp('var')}",
        f"kafka.port={free_port()}",
        f"kafka.controller_port={free_port()}",
        "generator.machines=3",
        "generator.post_producers=2",
    ]


@pytest.fixture(scope="module")
def settings(overrides: list[str]) -> Settings:
    return load_settings("test", overrides)


@pytest.fixture(scope="module")
def broker(settings: Settings) -> Iterator[Broker]:
    broker = Broker(settings.kafka, BROKER_JARS)
    broker.start()
    create_topics(settings.kafka)
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    return os.environ | {"AFLUENTE_HOME": str(ROOT), "PYTHONPATH": str(ROOT)}


def command(overrides: list[str], *words: str) -> list[str]:
    settings_words = [word for override in overrides for word in ("--set", override)]
    return [sys.executable, "-P", "-m", "jobs", *words, "--profile", "test", *settings_words]


@pytest.fixture
def job(overrides: list[str], environment: dict[str, str]) -> Job:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(overrides, *words),
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def read_journal(settings: Settings) -> list[dict[str, Any]]:
    """All intents with their acknowledgements, of all runs so far."""
    intents = []
    for path in settings.generator.journal.glob("*.jsonl"):
        of_file: dict[int, dict[str, Any]] = {}
        for line in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            of_file.setdefault(line["n"], {}).update(line)
        intents += of_file.values()
    return intents


@contextmanager
def started(words: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A job in a session of its own; all its processes are killed at the end of the block."""
    process = subprocess.Popen(
        words,
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for_new_acknowledgements(settings: Settings, known: int, wanted: int = 150) -> None:
    """Returns when `wanted` acknowledgements beyond the `known` ones are in the journal; a machine may have a gap."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if count_acknowledgements(settings) >= known + wanted:
            return
        time.sleep(0.1)
    pytest.fail("nothing was acknowledged within two minutes")


def count_acknowledgements(settings: Settings) -> int:
    """Acknowledgements in the journal of all runs so far."""
    files = settings.generator.journal.glob("*.jsonl")
    return sum(path.read_text(encoding="utf-8").count('"e":"ack"') for path in files)


def read_topics(settings: Settings) -> Records:
    """(topic, partition, offset) -> (hash of the value, timestamp) of everything in the topics."""
    consumer = KafkaConsumer(
        bootstrap_servers=settings.kafka.address, enable_auto_commit=False, consumer_timeout_ms=3_000
    )
    places = [TopicPartition(topic, n) for topic in TOPICS for n in range(settings.kafka.partitions[topic])]
    consumer.assign(places)
    consumer.seek_to_beginning(*places)
    ends = consumer.end_offsets(places)
    found: Records = {}
    while len(found) < sum(ends.values()):
        for record in (record for batch in consumer.poll(1_000).values() for record in batch):
            place = (record.topic, record.partition, record.offset)
            found[place] = (sha256(record.value or b"").hexdigest(), record.timestamp)
    consumer.close()
    return found


def test_without_a_broker_the_error_names_the_command_that_starts_one(
    overrides: list[str], environment: dict[str, str]
) -> None:
    without_broker = [*overrides, f"kafka.port={free_port()}"]
    for name in ("generate", "replay_recording"):
        ended = subprocess.run(
            command(without_broker, name),
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 1
        assert "./spark-submit.sh services start" in ended.stderr
        assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr


@pytest.mark.usefixtures("broker")
def test_the_journal_agrees_with_the_topics_and_a_second_run_continues(job: Job, settings: Settings) -> None:
    injected = ("--malformed", "0.1", "--duplicates", "0.05", "--late", "0.05")
    for run in (1, 2):
        ended = job("generate", "all", "--count", "600", "--unpaced", *injected)
        assert ended.returncode == 0, ended.stderr
        intents = read_journal(settings)
        assert {
            place: (intent["sha256"], intent["kafka_ms"])
            for intent in intents
            if (place := (intent["topic"], intent["partition"], intent["offset"]))
        } == read_topics(settings)
        verdicts = Counter((intent["topic"], intent["verdict"]) for intent in intents)
        assert sum(verdicts[topic, verdict] for topic, verdict in verdicts if topic == "posts") == 600 * run
        assert all(verdicts["posts", rule] for rule in ("valid", "duplicate", "malformed", "bad_time", "nul_character"))
        valid = Counter((intent["topic"], intent["id"]) for intent in intents if intent["verdict"] == "valid")
        assert set(valid.values()) == {1}


@pytest.mark.usefixtures("broker")
def test_the_event_times_of_a_history_are_in_the_past(job: Job, settings: Settings) -> None:
    known = {(intent["topic"], intent["id"]) for intent in read_journal(settings)}
    ended = job("generate", "all", "--history", "1", "--count", "400")
    assert ended.returncode == 0, ended.stderr
    new = [intent for intent in read_journal(settings) if (intent["topic"], intent["id"]) not in known]
    expected = [(intent["topic"], intent["facts"]) for intent in new if intent["verdict"] == "valid"]
    minutes = sorted(values["minute"] for _, values in expected if "minute" in values)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    assert time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86_400)) == minutes[0][:10]
    assert minutes[-1] < now
    posts = Counter(values["minute"][:13] for topic, values in expected if topic == "posts")
    assert max(posts.values()) > 4 * min(posts.values())


@pytest.mark.usefixtures("broker")
def test_a_recording_is_replayed_twice_under_new_ids(job: Job, settings: Settings) -> None:
    for _ in range(2):
        ended = job("replay_recording", "--speed", "300")
        assert ended.returncode == 0, ended.stderr
    replayed = [
        intent["id"]
        for path in settings.generator.journal.glob("recording-*.jsonl")
        for intent in map(json.loads, path.read_text().splitlines())
        if intent["e"] == "intent" and intent["verdict"] == "valid"
    ]
    assert len(replayed) == len(set(replayed)) > 1_700


@pytest.mark.usefixtures("broker")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_paced_run_stops_on_demand_with_everything_acknowledged(
    number: signal.Signals, overrides: list[str], environment: dict[str, str], settings: Settings
) -> None:
    known = count_acknowledgements(settings)
    with started(command(overrides, "generate", "all", "--rate", "200"), environment) as process:
        wait_for_new_acknowledgements(settings, known)
        signalled_at = time.monotonic()
        os.killpg(process.pid, number)  # as a terminal does: to parent and worker processes at once
        output, errors = process.communicate(timeout=30)
    assert time.monotonic() - signalled_at < 10
    assert (process.returncode, errors) == (0, ""), output
    sent, acknowledged = (int(output.split(word)[0].split()[-1]) for word in (" records sent", " acknowledged"))
    assert sent == acknowledged > 100


def test_a_broker_that_stops_is_waited_for(
    broker: Broker, overrides: list[str], environment: dict[str, str], settings: Settings
) -> None:
    known = count_acknowledgements(settings)
    with started(command(overrides, "generate", "posts", "--rate", "100", "--count", "1500"), environment) as process:
        wait_for_new_acknowledgements(settings, known)
        broker.stop()
        time.sleep(6)  # longer than a request may take: it must notice that no broker answers
        broker.start()
        output, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (0, ""), output
    assert output.count("the broker does not answer") == output.count("the broker answers again") == 1
    assert "1500 records sent, 1500 acknowledged" in output
    acknowledged = [(i["topic"], i["partition"], i["offset"]) for i in read_journal(settings) if "offset" in i]
    assert len(set(acknowledged)) == len(acknowledged) == len(read_topics(settings))
