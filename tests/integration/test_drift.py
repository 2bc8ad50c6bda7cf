"""Schemas that change under the stream: what is added is told once, what is removed or retyped lands in quarantine."""

import json
import logging
from typing import Any

import pytest

from streaming.queries.schema_drift import MOST_FIELDS
from tests.support.stream import StreamBench, make_post, make_reading
from warehouse.database.connections import connect, role_url

QUERIES = ("bronze", "posts", "readings")


def read_drift(bench: StreamBench) -> dict[tuple[str, str], tuple[int, int]]:
    with connect(role_url(bench.settings.postgres, "reader"), application_name="tests") as session:
        cursor = session.cursor()
        cursor.execute('SELECT topic, field, partition, "offset" FROM serving.pipeline_drift')
        return {(topic, field): (partition, offset) for topic, field, partition, offset in cursor.fetchall()}


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "drift=added" in record.getMessage()]


def test_added_fields_stay_in_bronze_and_are_told_once(bench: StreamBench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    added: dict[str, Any] = {"humidity": 0.5, "schema_version": "2.0", "version": {"major": 99}}
    bench.send("readings", [make_reading(0), make_reading(1, **added), make_reading(2, **added)], 1)
    bench.send("posts", [make_post(0, **{"evil\n\x1b[2J": 1})], 2)
    bench.drain(QUERIES)
    places = {("readings", field): (1, 1) for field in added} | {("posts", "evil???2J"): (2, 0)}
    assert read_drift(bench) == places
    assert len(told(caplog)) == len(places)
    assert any("query=readings drift=added field=humidity partition=1 offset=1" in line for line in told(caplog))
    assert all(line.isprintable() for line in told(caplog))
    bench.send("readings", [make_reading(3, **added), make_reading(4, humidity=1, pressure_psi=2)])
    bench.drain()
    assert read_drift(bench) == places | {("readings", "pressure_psi"): (0, 1)}
    assert len(told(caplog)) == len(places) + 1
    bench.assert_exact()
    assert bench.count("silver/readings") == 5
    bronze = bench.spark.read.format("delta").load(str(bench.table("bronze/records")))
    (row,) = bronze.where("topic = 'readings' AND partition = 1 AND offset = 1").collect()
    assert added.items() <= json.loads(bytes(row["value"])).items()


def test_invented_fields_do_not_fill_the_books(bench: StreamBench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    bench.send("posts", [make_post(n, **{f"f{n}x{k}": 1 for k in range(30)}) for n in range(30)])
    bench.drain(("posts",))
    bench.send("posts", [make_post(99, another=1)])
    bench.drain(("posts",))
    assert len(read_drift(bench)) == MOST_FIELDS
    assert len(told(caplog)) <= MOST_FIELDS + 2  # the end is told once per process
    assert sum("further fields are not told" in line for line in told(caplog)) >= 1


def test_removed_and_retyped_fields_land_in_quarantine_and_widened_numbers_do_not(bench: StreamBench) -> None:
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
    bench.send("readings", [*widened, *removed, *retyped])
    bench.drain()
    bench.assert_exact()
    assert bench.count("silver/readings") == len(widened)
    rows = bench.spark.read.format("delta").load(str(bench.table("quarantine/readings"))).orderBy("offset").collect()
    assert [row["rule"] for row in rows] == ["missing_field"] * 2 + ["wrong_type"] * 3
