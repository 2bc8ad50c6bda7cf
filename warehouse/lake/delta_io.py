"""All reading and writing of Delta tables by Spark: appends, merges, and the rows that given commits added.

Every write of rows makes one commit that carries `CommitMetadata`. The caller holds the table's lock.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import reduce
from operator import and_
from pathlib import Path
from typing import Any

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from warehouse.lake.commit_metadata import CommitMetadata
from warehouse.lake.delta_log import Commit
from warehouse.lake.tables import Table
from warehouse.settings import LakeSettings

USER_METADATA = "spark.databricks.delta.commitInfo.userMetadata"
OPTIMIZE = "spark.databricks.delta.optimize"
VACUUM = {
    "spark.databricks.delta.vacuum.logging.enabled": "false",  # its two commits would carry no metadata
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",  # 10 000 tasks to list some folders take minutes
}


def table_path(lake: LakeSettings, table: Table) -> Path:
    """The folder of a table."""
    return lake.path / table.name


def read_table(spark: SparkSession, path: Path, version: int | None = None) -> DataFrame:
    """The newest version of a table, or an older one."""
    reader = spark.read.format("delta")
    if version is not None:
        reader = reader.option("versionAsOf", version)
    return reader.load(str(path))


def append(rows: DataFrame, path: Path, metadata: CommitMetadata) -> None:
    """Appends `rows`, which may be none: the commit is made all the same, for its metadata."""
    rows.write.format("delta").mode("append").option("userMetadata", metadata.to_json()).save(str(path))


def read_added_rows(spark: SparkSession, commits: Iterable[Commit], schema: StructType) -> DataFrame:
    """The rows that `commits` appended. Partition columns are not in the files: `ingest_date` is derived again.

    Raises (now or when an action runs): Spark's error for a missing file, if one was vacuumed.
    """
    files = [file for commit in commits for file in commit.added]
    stored = StructType([field for field in schema.fields if field.name != "ingest_date"])
    rows = spark.read.schema(stored).parquet(*files) if files else spark.createDataFrame([], stored)
    return rows.withColumn("ingest_date", F.to_date("ingested_at")).select(*schema.names)


def delete(spark: SparkSession, path: Path, condition: Column, metadata: CommitMetadata) -> None:
    """Deletes the rows that fulfil `condition`."""
    with _user_metadata(spark, metadata):
        DeltaTable.forPath(spark, str(path)).delete(condition)


def merge(
    increments: DataFrame, path: Path, match: Column, changes: dict[str, Column], metadata: CommitMetadata
) -> None:
    """Merges `increments` (alias `new`) into a table (alias `old`): `changes` where `match`, new rows otherwise."""
    spark = increments.sparkSession
    with _user_metadata(spark, metadata):
        target = DeltaTable.forPath(spark, str(path)).alias("old").merge(increments.alias("new"), match)
        target.whenMatchedUpdate(set=dict(changes)).whenNotMatchedInsertAll().execute()


def match_on(key: Iterable[str]) -> Column:
    """A row of a table (alias `old`) has the key of another (alias `new`)."""
    same: Column = reduce(and_, (F.col(f"old.{name}") == F.col(f"new.{name}") for name in key))
    return same


def update(rows: DataFrame, path: Path, match: Column, changes: dict[str, Column], metadata: CommitMetadata) -> None:
    """Changes the rows of a table (alias `old`) that `match` one of `rows` (alias `new`); no commit where none does."""
    spark = rows.sparkSession
    with _user_metadata(spark, metadata):
        target = DeltaTable.forPath(spark, str(path)).alias("old").merge(rows.alias("new"), match)
        target.whenMatchedUpdate(set=dict(changes)).execute()


def overwrite(rows: DataFrame, path: Path, metadata: CommitMetadata, where: str | None = None) -> None:
    """Replaces a table's content, or the rows that fulfil `where` (which `rows` must fulfil too)."""
    writer = rows.write.format("delta").mode("overwrite").option("userMetadata", metadata.to_json())
    if where is not None:
        writer = writer.option("replaceWhere", where)
    writer.save(str(path))


def compact(
    spark: SparkSession, path: Path, partition: Mapping[str, object], sizes: tuple[int, int], metadata: CommitMetadata
) -> None:
    """OPTIMIZE: files of `partition` below the first of `sizes` become files of up to the second, both in bytes.

    No commit where there is nothing to compact.
    """
    smaller_than, target = sizes
    limits = {f"{OPTIMIZE}.minFileSize": str(smaller_than), f"{OPTIMIZE}.maxFileSize": str(target)}
    with _user_metadata(spark, metadata), _configured(spark, limits):
        files = DeltaTable.forPath(spark, str(path)).optimize()
        if partition:
            files = files.where(" AND ".join(f"{name} = '{value}'" for name, value in partition.items()))
        files.executeCompaction()


def vacuum(spark: SparkSession, path: Path) -> None:
    """Deletes files that no version within `delta.deletedFileRetentionDuration` needs. Makes no commit."""
    with _configured(spark, VACUUM):
        DeltaTable.forPath(spark, str(path)).vacuum()


def count_vacuumable(spark: SparkSession, path: Path) -> int:
    """How many files and empty folders `vacuum` would delete."""
    with _configured(spark, VACUUM):
        return spark.sql(f"VACUUM delta.`{path}` DRY RUN").count()


def write_checkpoint(spark: SparkSession, path: Path) -> None:
    """Writes a checkpoint of the table's log, and deletes log files beyond the retention."""
    jvm: Any = spark._jvm  # with its newest snapshot: the JVM does not notice commits by Python on its own
    opened = jvm.org.apache.spark.sql.delta.DeltaLog.forTableWithSnapshot(spark._jsparkSession, str(path))
    opened._1().checkpoint()


def _user_metadata(spark: SparkSession, metadata: CommitMetadata) -> AbstractContextManager[None]:
    """MERGE, DELETE and OPTIMIZE take their user metadata from the session."""
    return _configured(spark, {USER_METADATA: metadata.to_json()})


@contextmanager
def _configured(spark: SparkSession, configuration: Mapping[str, str]) -> Iterator[None]:
    for key, value in configuration.items():
        spark.conf.set(key, value)
    try:
        yield
    finally:
        for key in configuration:
            spark.conf.unset(key)
