"""All reading and writing of Delta tables: creation, appends, merges, and the rows that given commits added."""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import reduce
from operator import and_
from pathlib import Path
from typing import Any

from delta.tables import DeltaTable
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from warehouse.lake.delta_log import Commit, DeltaLog, RebuildNeeded
from warehouse.lake.tables import Table
from warehouse.settings import LakeSettings

USER_METADATA = "spark.databricks.delta.commitInfo.userMetadata"
OPTIMIZE = "spark.databricks.delta.optimize"
VACUUM = {
    "spark.databricks.delta.vacuum.logging.enabled": "false",  # its two commits would say nothing and hide the position
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",  # 10 000 tasks to list some folders take minutes
}
PROPERTIES = {
    "delta.checkpointInterval": "50",  # every 10 would rewrite the file list six times a minute for nothing
    "delta.enableDeletionVectors": "false",  # readers of plain files stay right
    "delta.dataSkippingNumIndexedCols": "12",  # statistics of the long text columns cost more than they save
}


def table_path(lake: LakeSettings, table: Table) -> Path:
    """The folder of a table."""
    return lake.path / table.name


def create_table(spark: SparkSession, lake: LakeSettings, table: Table) -> None:
    """Creates an empty table with its schema and properties; where it exists, adds the columns that are new since."""
    path = table_path(lake, table)
    if DeltaLog(path).newest_version() >= 0:
        _add_columns(spark, path, table)
        return
    shutil.rmtree(path / "_delta_log", ignore_errors=True)  # of a creation cut off before its commit: Delta would trip
    builder = DeltaTable.createIfNotExists(spark).location(str(path)).addColumns(table.schema)
    if table.partition_by:
        builder = builder.partitionedBy(*table.partition_by)
    retention = {
        "delta.logRetentionDuration": lake.log_retention,
        "delta.deletedFileRetentionDuration": lake.deleted_file_retention,
    }
    for key, value in {**PROPERTIES, **retention}.items():
        builder = builder.property(key, value)
    builder.execute()


def _add_columns(spark: SparkSession, path: Path, table: Table) -> None:
    held = read_table(spark, path).schema.names
    new = [f"{field.name} {field.dataType.simpleString()}" for field in table.schema if field.name not in held]
    if new:
        spark.sql(f"ALTER TABLE delta.`{path}` ADD COLUMNS ({', '.join(new)})")


def read_table(spark: SparkSession, path: Path, version: int | None = None) -> DataFrame:
    """A table as it is, or as of one of its versions."""
    reader = spark.read.format("delta")
    if version is not None:
        reader = reader.option("versionAsOf", version)
    return reader.load(str(path))


def append(rows: DataFrame, path: Path, position: dict[str, Any]) -> None:
    """One commit with `rows` (may be none) that records `position`. The caller holds the table's lock."""
    writer = rows.write.format("delta").mode("append").option("userMetadata", json.dumps(position, sort_keys=True))
    writer.save(str(path))


def read_added_rows(spark: SparkSession, commits: Iterable[Commit], schema: StructType) -> DataFrame:
    """The rows that `commits` appended. Partition columns are not in the files: `ingest_date` is derived again.

    Raises (now or when an action runs): an error that `rebuild_if_file_gone` knows, if a file was vacuumed.
    """
    files = [file for commit in commits for file in commit.added]
    stored = StructType([field for field in schema.fields if field.name != "ingest_date"])
    rows = spark.read.schema(stored).parquet(*files) if files else spark.createDataFrame([], stored)
    return rows.withColumn("ingest_date", F.to_date("ingested_at")).select(*schema.names)


@contextmanager
def rebuild_if_file_gone() -> Iterator[None]:
    """For readers of `read_added_rows`.

    Raises:
        RebuildNeeded: a file that a commit had named was rearranged and vacuumed since.
    """
    try:
        yield
    except PySparkException as error:
        if not any(words in str(error) for words in ("[PATH_NOT_FOUND]", "FILE_NOT_EXIST")):
            raise
        raise RebuildNeeded("a file of a commit is gone") from error


def delete(spark: SparkSession, path: Path, condition: Column, position: dict[str, Any]) -> None:
    """Deletes rows in one commit that carries `position` forward. The caller holds the table's lock."""
    with _recording(spark, position):
        DeltaTable.forPath(spark, str(path)).delete(condition)


def merge(
    increments: DataFrame, path: Path, match: Column, changes: dict[str, Column], position: dict[str, Any]
) -> None:
    """Adds `increments` (alias `new`) to a table (alias `old`): `changes` where `match`, new rows otherwise."""
    spark = increments.sparkSession
    with _recording(spark, position):
        target = DeltaTable.forPath(spark, str(path)).alias("old").merge(increments.alias("new"), match)
        target.whenMatchedUpdate(set=dict(changes)).whenNotMatchedInsertAll().execute()


def match_on(key: Iterable[str]) -> Column:
    """A row of a table (alias `old`) has the key of another (alias `new`)."""
    same: Column = reduce(and_, (F.col(f"old.{name}") == F.col(f"new.{name}") for name in key))
    return same


def update(rows: DataFrame, path: Path, match: Column, changes: dict[str, Column], position: dict[str, Any]) -> None:
    """Changes the rows of a table (alias `old`) that `match` one of `rows` (alias `new`); no commit where none does."""
    spark = rows.sparkSession
    with _recording(spark, position):
        target = DeltaTable.forPath(spark, str(path)).alias("old").merge(rows.alias("new"), match)
        target.whenMatchedUpdate(set=dict(changes)).execute()


def overwrite(rows: DataFrame, path: Path, position: dict[str, Any], where: str | None = None) -> None:
    """Replaces a table's content, or what fulfils `where` (so must `rows`), in one commit that records `position`.

    The caller holds the table's lock.
    """
    writer = rows.write.format("delta").mode("overwrite").option("userMetadata", json.dumps(position, sort_keys=True))
    if where is not None:
        writer = writer.option("replaceWhere", where)
    writer.save(str(path))


def compact(
    spark: SparkSession, path: Path, partition: Mapping[str, object], sizes: tuple[int, int], position: dict[str, Any]
) -> None:
    """Files of `partition` below the first of `sizes` become files of up to the second, both in bytes.

    One commit that carries `position` forward, none where there is nothing to join. The caller holds the table's lock.
    """
    smaller_than, target = sizes
    limits = {f"{OPTIMIZE}.minFileSize": str(smaller_than), f"{OPTIMIZE}.maxFileSize": str(target)}
    with _recording(spark, position), _set(spark, limits):
        files = DeltaTable.forPath(spark, str(path)).optimize()
        if partition:
            files = files.where(" AND ".join(f"{name} = '{value}'" for name, value in partition.items()))
        files.executeCompaction()


def vacuum(spark: SparkSession, path: Path) -> None:
    """Deletes files that no version within `delta.deletedFileRetentionDuration` needs. Makes no commit."""
    with _set(spark, VACUUM):
        DeltaTable.forPath(spark, str(path)).vacuum()


def find_unneeded(spark: SparkSession, path: Path) -> int:
    """How many files and empty folders `vacuum` would delete."""
    with _set(spark, VACUUM):
        return spark.sql(f"VACUUM delta.`{path}` DRY RUN").count()


def write_checkpoint(spark: SparkSession, path: Path) -> None:
    """The list of files in one place, and the log cleaned as its retention says. The caller holds the table's lock."""
    jvm: Any = spark._jvm
    jvm.org.apache.spark.sql.delta.DeltaLog.forTable(spark._jsparkSession, str(path)).checkpoint()


def _recording(spark: SparkSession, position: dict[str, Any]) -> AbstractContextManager[None]:
    """MERGE, DELETE and OPTIMIZE take their user metadata from the session."""
    return _set(spark, {USER_METADATA: json.dumps(position, sort_keys=True)})


@contextmanager
def _set(spark: SparkSession, configuration: Mapping[str, str]) -> Iterator[None]:
    for key, value in configuration.items():
        spark.conf.set(key, value)
    try:
        yield
    finally:
        for key in configuration:
            spark.conf.unset(key)
