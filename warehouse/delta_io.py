"""All reading and writing of Delta tables: creation, appends, merges, and the rows that given commits added."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from warehouse.delta_log import Commit
from warehouse.settings import LakeSettings
from warehouse.tables import Table

USER_METADATA = "spark.databricks.delta.commitInfo.userMetadata"
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
    if (path / "_delta_log").is_dir() and DeltaTable.isDeltaTable(spark, str(path)):
        _add_columns(spark, path, table)
        return
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

    Raises (when an action runs): a missing-file error of Spark if a file was vacuumed.
    """
    files = [file for commit in commits for file in commit.added]
    stored = StructType([field for field in schema.fields if field.name != "ingest_date"])
    rows = spark.read.schema(stored).parquet(*files) if files else spark.createDataFrame([], stored)
    return rows.withColumn("ingest_date", F.to_date("ingested_at")).select(*schema.names)


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


@contextmanager
def _recording(spark: SparkSession, position: dict[str, Any]) -> Iterator[None]:
    """MERGE and DELETE take their user metadata from the session."""
    spark.conf.set(USER_METADATA, json.dumps(position, sort_keys=True))
    try:
        yield
    finally:
        spark.conf.unset(USER_METADATA)
