"""Bronze, read a second time: every record's bytes through `wire`, in several processes, into the scratch database."""

import multiprocessing
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa

from warehouse.verification.decoding import Rejected
from warehouse.verification.errors import VerificationError
from warehouse.verification.inputs import Inputs, Limits
from warehouse.verification.record_rules import SENSORS, Rules
from warehouse.verification.scratch import read_sql
from warehouse.verification.tables import QUERIES

ROWS_AT_ONCE = 8192  # of up to a few kB each: a few MB a batch, well below a process's share of memory
SMALL = 20_000  # records that are parsed faster here than a process starts
PLACE = [("generation", pa.int32()), ("partition", pa.int32()), ("offset", pa.int64()), ("kafka_us", pa.int64())]
TEXTS = pa.list_(pa.string())
VALUES: dict[str, list[tuple[str, pa.DataType]]] = {
    "posts": [
        ("verdict", pa.string()),
        ("post_id", pa.string()),
        ("source", pa.string()),
        ("created_us", pa.int64()),
        ("lang", pa.string()),
        ("text_md5", pa.string()),
        ("hashtags", TEXTS),
        ("counted_hashtags", TEXTS),
        ("author_pseudonym", pa.string()),
        ("author_sha", pa.string()),
        ("mention_pseudonyms", TEXTS),
        ("in_reply_to", pa.string()),
    ],
    "readings": [
        ("verdict", pa.string()),
        ("reading_id", pa.string()),
        ("machine_id", pa.string()),
        ("measured_us", pa.int64()),
        *((sensor, pa.int64()) for sensor in SENSORS),
    ],
    "machine_events": [
        ("verdict", pa.string()),
        ("event_id", pa.string()),
        ("machine_id", pa.string()),
        ("occurred_us", pa.int64()),
        ("kind", pa.string()),
        ("detail", pa.string()),
    ],
}

_rules: list[Rules] = []  # one per worker process, made once


def reparse_bronze(database: duckdb.DuckDBPyConnection, inputs: Inputs) -> None:
    """Fills the `parsed_*` tables from the files that the variable `files` names."""
    rules = inputs.limits, read_key(inputs.key_file)
    for topic in QUERIES:
        count = database.execute("SELECT count(*) FROM bronze WHERE topic = ?", [topic]).fetchall()[0][0]
        reader = database.sql(read_sql("load/values"), params={"topic": topic}).to_arrow_reader(ROWS_AT_ONCE)
        target = database.cursor()
        if count <= SMALL:
            _start_worker(*rules)
            parsed: Iterator[pa.RecordBatch] = (parse_records(topic, batch) for batch in reader)
        else:
            parsed = _parse_in_processes(topic, reader, inputs.workers, rules)
        for rows in parsed:
            target.register("rows", pa.Table.from_batches([rows]))
            target.execute(read_sql(f"load/parsed_{topic}"))
            target.unregister("rows")


def parse_records(topic: str, records: pa.RecordBatch) -> pa.RecordBatch:
    """Coordinates, Kafka times and values -> coordinates, Kafka times, verdicts and typed values."""
    read, columns = _rules[0].by_topic(topic), VALUES[topic]
    found = []
    for value, kafka_us in zip(records["value"].to_pylist(), records["kafka_us"].to_pylist(), strict=True):
        try:
            found.append(read(value, kafka_us))
        except Rejected as rejected:
            found.append({"verdict": rejected.args[0]})
    arrays = [records[name] for name, _ in PLACE]
    arrays += [pa.array([row.get(name) for row in found], kind) for name, kind in columns]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema([*PLACE, *columns]))


def read_key(path: Path) -> bytes:
    """The pseudonyms' key."""
    try:
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    except OSError:
        raise VerificationError(f"the pseudonym key {path} cannot be read: run this where the stream ran") from None
    except ValueError:
        raise VerificationError(f"the pseudonym key {path} is not hex text") from None


def _start_worker(limits: Limits, key: bytes) -> None:
    _rules[:] = [Rules(limits, key)]


def _parse_in_processes(
    topic: str, reader: pa.RecordBatchReader, workers: int, rules: tuple[Limits, bytes]
) -> Iterator[pa.RecordBatch]:
    """Spawned, not forked: the database's threads would not survive a fork. At most two batches a worker wait."""
    context = multiprocessing.get_context("spawn")
    waiting: deque[Future[pa.RecordBatch]] = deque()
    with ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=rules) as pool:
        for batch in reader:
            waiting.append(pool.submit(parse_records, topic, batch))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
