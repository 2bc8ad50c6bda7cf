"""Appends by delta-rs and by Spark to the same table: each reads what the other wrote; locks exclude both ways."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from pyspark.sql import SparkSession

from streaming.local.processes import wait_until
from warehouse.lake.arrow_io import ArrowTable, RowsDoNotFit, read_rows
from warehouse.lake.commit_metadata import CommitMetadata
from warehouse.lake.delta_io import append, read_table, table_path
from warehouse.lake.delta_log import DeltaLog
from warehouse.lake.locks import TableLocks
from warehouse.lake.schemas.silver import SENSORS
from warehouse.lake.table_creation import create_table
from warehouse.lake.tables import BRONZE, READINGS
from warehouse.settings import LakeSettings

AT = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)


@pytest.fixture
def lake(spark: SparkSession, tmp_path: Path) -> LakeSettings:
    day = "interval 1 day"
    settings = LakeSettings(path=tmp_path, local_locks=True, log_retention=day, deleted_file_retention=day)
    create_table(settings, READINGS)
    return settings


def reading(offset: int) -> dict[str, Any]:
    return {
        "generation": 1,
        "partition": 0,
        "offset": offset,
        "kafka_at": AT,
        "reading_id": f"r{offset}",
        "machine_id": "m",
        "measured_at": AT,
        **dict.fromkeys(SENSORS, Decimal("99999999999999.9999")),
        "ingested_at": AT,
        "ingest_date": AT.date(),
    }


def rows(*readings: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(readings))


def metadata(end: int) -> CommitMetadata:
    return CommitMetadata("readings", 1, generations={"readings": 1}, end={"readings": {"0": end}})


def read_offsets(spark: SparkSession, lake: LakeSettings) -> list[int]:
    return sorted(row["offset"] for row in read_table(spark, table_path(lake, READINGS)).collect())


def test_both_writers_in_turn_are_read_by_spark_duckdb_and_delta_rs(spark: SparkSession, lake: LakeSettings) -> None:
    """Past a checkpoint of the log, which delta-rs writes as often as Spark does."""
    path = table_path(lake, READINGS)
    by_arrow = ArrowTable(READINGS, path)
    for offset in range(0, 104, 2):
        by_arrow.append(rows(reading(offset)), metadata(offset + 1))
        if offset % 20 == 0:
            append(spark.createDataFrame([reading(offset + 1)], READINGS.schema), path, metadata(offset + 2))
    expected = sorted([*range(0, 104, 2), *range(1, 104, 20)])
    assert list(path.glob("_delta_log/*.checkpoint*.parquet"))
    assert read_offsets(spark, lake) == expected
    same_value = "power_kw = 99999999999999.9999 AND measured_at = '2026-03-01T12:00:00.123456Z'"
    assert read_table(spark, path).where(same_value).count() == len(expected)
    found = duckdb.read_parquet(DeltaTable(str(path)).file_uris()).order('"offset"').fetchall()
    assert [row[2] for row in found] == expected
    newest = DeltaLog(path).newest_metadata()
    assert newest is not None
    assert newest.end == {"readings": {"0": 103}}


def test_files_of_both_writers_read_as_one_table(spark: SparkSession, lake: LakeSettings) -> None:
    path = table_path(lake, READINGS)
    old = datetime(1000, 1, 1, tzinfo=UTC)  # as nanoseconds, which Spark's form of times allows, it would overflow
    ArrowTable(READINGS, path).append(rows(reading(0), {**reading(1), "measured_at": old}), metadata(2))
    append(spark.createDataFrame([reading(2), {**reading(3), "measured_at": old}], READINGS.schema), path, metadata(4))
    files = [file for version in (1, 2) for file in DeltaLog(path).read(version).added]
    found = read_rows(files, READINGS, ("measured_at", "machine_id", "power_kw"))
    assert found.sort_by("measured_at")["measured_at"].to_pylist() == [old, old, AT, AT]
    assert set(found["power_kw"].to_pylist()) == {Decimal("99999999999999.9999")}


def test_no_rows_still_make_a_commit(spark: SparkSession, lake: LakeSettings) -> None:
    path = table_path(lake, READINGS)
    ArrowTable(READINGS, path).commit(metadata(7))
    assert DeltaLog(path).newest_metadata() == metadata(7).carried(metadata(7).by, start={"readings": {}})
    assert read_offsets(spark, lake) == []


@pytest.mark.parametrize("changes", [{"machine_id": None}, {"power_kw": Decimal(10**15)}, {"offset": "secret"}])
def test_rows_that_do_not_fit_are_refused_without_showing_them(lake: LakeSettings, changes: dict[str, Any]) -> None:
    path = table_path(lake, READINGS)
    with pytest.raises(RowsDoNotFit) as refused:
        ArrowTable(READINGS, path).append(rows({**reading(0), **changes}), metadata(1))
    assert "secret" not in str(refused.value)
    assert DeltaLog(path).newest_version() == 0


def test_a_stale_handle_does_not_commit(lake: LakeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebased on a newer version it would get past the fence that was checked before."""
    path = table_path(lake, READINGS)
    stale = ArrowTable(READINGS, path)
    stale.append(rows(reading(0)), metadata(1))
    opened = stale._open()
    ArrowTable(READINGS, path).append(rows(reading(1)), metadata(2))
    monkeypatch.setattr(stale, "_open", lambda: opened)
    with pytest.raises(DeltaError):
        stale.append(rows(reading(1)), metadata(2))
    assert DeltaLog(path).newest_version() == 2


def test_a_log_that_was_cleaned_past_the_opened_version_is_read_anew(spark: SparkSession, lake: LakeSettings) -> None:
    """A table that is seldom written, such as quarantine, beside daily maintenance."""
    path = table_path(lake, READINGS)
    seldom = ArrowTable(READINGS, path)
    seldom.append(rows(reading(0)), metadata(1))
    for offset in (1, 2):
        ArrowTable(READINGS, path).append(rows(reading(offset)), metadata(offset + 1))
    DeltaTable(str(path)).create_checkpoint()
    for version in (0, 1, 2):
        (path / "_delta_log" / f"{version:020d}.json").unlink()
    seldom.append(rows(reading(3)), metadata(4))
    assert read_offsets(spark, lake) == [0, 1, 2, 3]


def test_partitions_of_bronze(spark: SparkSession, lake: LakeSettings) -> None:
    create_table(lake, BRONZE)
    path = table_path(lake, BRONZE)
    record = {"generation": 1, "partition": 0, "offset": 1, "kafka_at": AT, "key": None, "value": b"\0\xff"}
    headers = {"headers": [{"key": "k", "value": b"v"}], "ingested_at": AT, "ingest_date": AT.date()}
    records = [{"topic": topic, **record, **headers} for topic in ("posts", "readings")]
    ArrowTable(BRONZE, path).append(rows(*records), metadata(2))
    found = read_table(spark, path).orderBy("topic").collect()
    assert [(row["topic"], bytes(row["value"]), row["headers"][0]["key"]) for row in found] == [
        ("posts", b"\0\xff", "k"),
        ("readings", b"\0\xff", "k"),
    ]


HOLDER = """
import fcntl, os, sys
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
fcntl.lockf(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(lake: LakeSettings) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the lock of silver/readings."""
    file = lake.path / "_locks" / "silver.readings.lock"
    file.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-c", HOLDER, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.mark.parametrize("way", ["hold", "hold_in_python"])
def test_a_lock_held_by_another_process_is_waited_for_and_freed_by_its_death(
    spark: SparkSession, lake: LakeSettings, holder: "subprocess.Popen[str]", way: str
) -> None:
    locks, entered = TableLocks(spark, lake.path), threading.Event()

    def enter() -> None:
        with getattr(locks, way)("silver/readings"):
            entered.set()

    waiting = threading.Thread(target=enter)
    waiting.start()
    assert not entered.wait(1)
    holder.kill()
    assert wait_until(entered.is_set, 30)
    waiting.join()


def test_the_lock_of_one_way_excludes_the_other(spark: SparkSession, lake: LakeSettings) -> None:
    """Of two drivers: the JVM of one and the Python of the other are different processes."""
    one, other = TableLocks(spark, lake.path), TableLocks(spark, lake.path)
    with one.hold("silver/readings"):
        file = lake.path / "_locks" / "silver.readings.lock"
        probe = "import fcntl, os, sys; fcntl.lockf(os.open(sys.argv[1], os.O_RDWR), fcntl.LOCK_EX | fcntl.LOCK_NB)"
        held = subprocess.run([sys.executable, "-c", probe, str(file)], check=False, capture_output=True)
        assert held.returncode != 0
    with other.hold_in_python("silver/readings"):
        assert other.claim("something else")
        held = subprocess.run([sys.executable, "-c", probe, str(file)], check=False, capture_output=True)
        assert held.returncode != 0
    assert subprocess.run([sys.executable, "-c", probe, str(file)], check=False).returncode == 0
