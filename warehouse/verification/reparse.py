"""Parses bronze's bytes a second time with `record_rules`, in several processes, into DuckDB's `parsed_*` tables."""

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
from warehouse.verification.record_rules import SENSORS, RecordRules
from warehouse.verification.scratch_database import read_sql
from warehouse.verification.tables import QUERIES

ROWS_PER_BATCH = 8192  # of up to a few kB each: a few MB a batch, well below a process's share of memory
FEW_RECORDS = 20_000  # parsing these takes less time than starting processes
COORDINATES = [("generation", pa.int32()), ("partition", pa.int32()), ("offset", pa.int64()), ("kafka_us", pa.int64())]
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

_rules: list[RecordRules] = []  # holds one element: each worker process makes its own, once


def reparse_bronze(database: duckdb.DuckDBPyConnection, inputs: Inputs) -> None:
    """Fills the `parsed_*` tables. Needs the table `bronze`, and DuckDB's variable `files` with bronze's files."""
    rules = inputs.limits, read_key(inputs.key_file)
    for topic in QUERIES:
        count = database.execute("SELECT count(*) FROM bronze WHERE topic = ?", [topic]).fetchall()[0][0]
        reader = database.sql(read_sql("load/values"), params={"topic": topic}).to_arrow_reader(ROWS_PER_BATCH)
        target = database.cursor()
        if count <= FEW_RECORDS:
            _start_worker(*rules)
            parsed: Iterator[pa.RecordBatch] = (parse_records(topic, batch) for batch in reader)
        else:
            parsed = _parse_in_processes(topic, reader, inputs.workers, rules)
        for rows in parsed:
            target.register("rows", pa.Table.from_batches([rows]))
            target.execute(read_sql(f"load/parsed_{topic}"))
            target.unregister("rows")


def parse_records(topic: str, records: pa.RecordBatch) -> pa.RecordBatch:
    """Coordinates, Kafka times and bytes of a topic -> coordinates, Kafka times, verdicts and typed values."""
    read, columns = _rules[0].reader_of(topic), VALUES[topic]
    found = []
    for value, kafka_us in zip(records["value"].to_pylist(), records["kafka_us"].to_pylist(), strict=True):
        try:
            found.append(read(value, kafka_us))
        except Rejected as rejected:
            found.append({"verdict": rejected.args[0]})
    arrays = [records[name] for name, _ in COORDINATES]
    arrays += [pa.array([row.get(name) for row in found], kind) for name, kind in columns]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema([*COORDINATES, *columns]))


def read_key(path: Path) -> bytes:
    """The key of the pseudonyms, from a file with its hex digits."""
    try:
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    except OSError:
        raise VerificationError(
            f"the pseudonym key {path} cannot be read: run this on the machine where the stream ran"
        ) from None
    except ValueError:
        raise VerificationError(f"the pseudonym key {path} is not hex text") from None


def _start_worker(limits: Limits, key: bytes) -> None:
    _rules[:] = [RecordRules(limits, key)]


def _parse_in_processes(
    topic: str, reader: pa.RecordBatchReader, workers: int, rules: tuple[Limits, bytes]
) -> Iterator[pa.RecordBatch]:
    """Parses in spawned processes: DuckDB's threads would not survive a fork. At most two batches per worker wait."""
    context = multiprocessing.get_context("spawn")
    waiting: deque[Future[pa.RecordBatch]] = deque()
    with ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=rules) as pool:
        for batch in reader:
            waiting.append(pool.submit(parse_records, topic, batch))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
