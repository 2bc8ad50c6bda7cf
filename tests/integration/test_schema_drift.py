"""Senders that change their schema: an added field is logged once, a removed or retyped one sends records to
quarantine."""

import json
import logging
from typing import Any

import pytest

from streaming.queries.schema_drift import MOST_FIELDS
from tests.support.records import make_post, make_reading
from tests.support.stream import InProcessStream
from warehouse.database.connections import connect, role_url

QUERIES = ("bronze", "posts", "readings")


def read_drift(stream: InProcessStream) -> dict[tuple[str, str], tuple[int, int]]:
    with connect(role_url(stream.settings.postgres, "reader"), application_name="tests") as session:
        cursor = session.cursor()
        cursor.execute('SELECT topic, field, partition, "offset" FROM serving.pipeline_drift')
        return {(topic, field): (partition, offset) for topic, field, partition, offset in cursor.fetchall()}


def read_drift_log(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "drift=added" in record.getMessage()]


def test_added_fields_stay_in_bronze_and_are_logged_once(
    stream: InProcessStream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    added: dict[str, Any] = {"humidity": 0.5, "schema_version": "2.0", "version": {"major": 99}}
    stream.send("readings", [make_reading(0), make_reading(1, **added), make_reading(2, **added)], 1)
    stream.send("posts", [make_post(0, **{"evil\n\x1b[2J": 1})], 2)
    stream.drain(QUERIES)
    first_records = {("readings", field): (1, 1) for field in added} | {("posts", "evil???2J"): (2, 0)}
    assert read_drift(stream) == first_records
    assert len(read_drift_log(caplog)) == len(first_records)
    assert any(
        "query=readings drift=added field=humidity partition=1 offset=1" in line for line in read_drift_log(caplog)
    )
    assert all(line.isprintable() for line in read_drift_log(caplog))
    stream.send("readings", [make_reading(3, **added), make_reading(4, humidity=1, pressure_psi=2)])
    stream.drain()
    assert read_drift(stream) == first_records | {("readings", "pressure_psi"): (0, 1)}
    assert len(read_drift_log(caplog)) == len(first_records) + 1
    stream.assert_exact()
    assert stream.count("silver/readings") == 5
    bronze = stream.spark.read.format("delta").load(str(stream.table("bronze/records")))
    (row,) = bronze.where("topic = 'readings' AND partition = 1 AND offset = 1").collect()
    assert added.items() <= json.loads(bytes(row["value"])).items()


def test_the_number_of_recorded_fields_is_limited(stream: InProcessStream, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    stream.send("posts", [make_post(n, **{f"f{n}x{k}": 1 for k in range(30)}) for n in range(30)])
    stream.drain(("posts",))
    stream.send("posts", [make_post(99, another=1)])
    stream.drain(("posts",))
    assert len(read_drift(stream)) == MOST_FIELDS
    assert len(read_drift_log(caplog)) <= MOST_FIELDS + 2  # the limit is logged once per process
    assert sum("further fields are not reported" in line for line in read_drift_log(caplog)) >= 1


def test_removed_and_retyped_fields_go_to_quarantine_and_widened_numbers_do_not(stream: InProcessStream) -> None:
    numbers = {"3.0": "parts_count", "3e0": "parts_count", "1e2": "temperature_c", "2147483648e-6": "rotation_rpm"}
    widened = [
        make_reading(n, **{field: 0}).replace(f'"{field}": 0'.encode(), f'"{field}": {number}'.encode())
        for n, (number, field) in enumerate(numbers.items())
    ]
    removed = [make_reading(10, power_kw=None), make_reading(11, machine_id=None)]
    retyped = [
        make_reading(20, power_kw="3.3"),
        make_reading(21, machine_id={"line": 1}),
        make_reading(22, parts_count=[3]),
    ]
    stream.send("readings", [*widened, *removed, *retyped])
    stream.drain()
    stream.assert_exact()
    assert stream.count("silver/readings") == len(widened)
    rows = stream.spark.read.format("delta").load(str(stream.table("quarantine/readings"))).orderBy("offset").collect()
    assert [row["rule"] for row in rows] == ["missing_field"] * 2 + ["wrong_type"] * 3
