"""Small writes without Spark: an Arrow table is appended or merged in one commit by delta-rs, in 10 to 40 ms.

The commit is made by this Python process, so the caller holds the table's lock with `TableLocks.hold_in_python`.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import ColumnProperties, CommitProperties, DeltaTable, WriterProperties, write_deltalake
from pyarrow import parquet
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType

from warehouse.errors import WarehouseError
from warehouse.lake.commit_metadata import CommitMetadata
from warehouse.lake.tables import Table

_NO_STATISTICS = ColumnProperties(statistics_enabled="NONE")


class RowsDoNotFit(WarehouseError):
    """Rows do not have the table's schema, which is a bug: nothing was written."""


class ArrowTable:
    """One Delta table, opened once for many appends. Not for use by several threads."""

    def __init__(self, table: Table, path: Path) -> None:
        self._name = table.name
        self._path = path
        self._schema = to_arrow_schema(table.schema, timezone="UTC")
        # delta-rs keeps statistics of decimals as doubles, which are wrong past 15 digits
        decimals = [field.name for field in self._schema if pa.types.is_decimal(field.type)]
        self._properties = WriterProperties(
            compression="SNAPPY", column_properties={name: _NO_STATISTICS for name in decimals} or None
        )
        self._opened: DeltaTable | None = None

    def append(self, rows: pa.Table, metadata: CommitMetadata) -> None:
        """Appends `rows`, which may be none: the commit is made all the same, for its metadata.

        Raises:
            RowsDoNotFit: a column is missing, has another type, or a null where the schema has none.
        """
        write_deltalake(
            self._open(),
            self._fit(rows),
            mode="append",
            writer_properties=self._properties,
            commit_properties=_commit_properties(metadata),
        )

    def replace(self, rows: pa.Table, where: str, metadata: CommitMetadata) -> None:
        """Replaces the rows that fulfil `where` (SQL) by `rows`, which fulfil it too, in one commit.

        Raises:
            RowsDoNotFit: as `append`.
        """
        write_deltalake(
            self._open(),
            self._fit(rows),
            mode="overwrite",
            predicate=where,
            writer_properties=self._properties,
            commit_properties=_commit_properties(metadata),
        )

    def commit(self, metadata: CommitMetadata) -> None:
        """A commit without rows, for its metadata."""
        self.append(self._schema.empty_table(), metadata)

    def merge(
        self, increments: pa.Table, key: tuple[str, ...], combined: Mapping[str, str], metadata: CommitMetadata
    ) -> None:
        """Merges `increments` by `key`, whose first column bounds the files that are read. Makes a commit in any case.

        `combined`: column -> SQL expression of `old` and `new`; rows without a match are inserted.

        Raises:
            RowsDoNotFit: as `append`.
        """
        rows = self._fit(increments)
        if not rows.num_rows:  # delta-rs would make no commit
            return self.commit(metadata)
        merger = self._open().merge(
            rows,
            _match(rows, key),
            source_alias="new",
            target_alias="old",
            streamed_exec=False,  # the statistics of the source are not needed: the predicate has its range
            writer_properties=self._properties,
            commit_properties=_commit_properties(metadata),
        )
        changes = {name: f"arrow_cast({combined[name]}, '{_type_name(rows[name].type)}')" for name in combined}
        merger.when_matched_update(changes).when_not_matched_insert_all().execute()
        return None

    def _open(self) -> DeltaTable:
        """The newest version; read anew where the log was cleaned past the version that was opened."""
        if self._opened is not None and self._commit_file(self._opened.version()).exists():
            self._opened.update_incremental()
        else:
            self._opened = DeltaTable(str(self._path))
        return self._opened

    def _commit_file(self, version: int) -> Path:
        return self._path / "_delta_log" / f"{version:020d}.json"

    def _fit(self, rows: pa.Table) -> pa.Table:
        """Checked here, because the errors of delta-rs show rows."""
        for field in self._schema:
            if field.name not in rows.column_names or (not field.nullable and rows[field.name].null_count):
                raise RowsDoNotFit(f"rows for {self._name} without a {field.name}")
        try:
            return rows.select(self._schema.names).cast(self._schema)
        except (ValueError, TypeError, NotImplementedError) as error:  # Arrow's errors are subclasses
            raise RowsDoNotFit(f"rows for {self._name} do not fit its schema ({type(error).__name__})") from None


def read_rows(files: Iterable[str], table: Table, columns: Iterable[str]) -> pa.Table:
    """Columns of one or more data files of a table, whoever wrote them; partition columns are not in them.

    The writers differ: Spark stores times as INT96 and marks every column nullable.

    Raises:
        FileNotFoundError: one was vacuumed.
    """
    schema = to_arrow_schema(StructType([table.schema[name] for name in columns]), timezone="UTC")
    opened = (parquet.ParquetFile(file, coerce_int96_timestamp_unit="us") for file in files)
    return pa.concat_tables([file.read(columns=schema.names).select(schema.names).cast(schema) for file in opened])


def _commit_properties(metadata: CommitMetadata) -> CommitProperties:
    """With retries a stale handle would be rebased on a commit of another driver, past its fence."""
    return CommitProperties({"userMetadata": metadata.to_json()}, max_commit_retries=0)


def _match(rows: pa.Table, key: tuple[str, ...]) -> str:
    bounds = pc.min_max(rows[key[0]])
    same = [f"old.{name} = new.{name}" for name in key]
    within = [
        f"old.{key[0]} >= {_literal(bounds['min'].as_py())}",
        f"old.{key[0]} <= {_literal(bounds['max'].as_py())}",
    ]
    return " AND ".join([*same, *within])


def _literal(value: date | datetime) -> str:
    if isinstance(value, datetime):
        return f"arrow_cast('{value.isoformat()}', 'Timestamp(Microsecond, Some(\"UTC\"))')"
    return f"date '{value.isoformat()}'"


def _type_name(kind: pa.DataType) -> str:
    """As DataFusion's arrow_cast spells it."""
    return f"Decimal128({kind.precision}, {kind.scale})" if pa.types.is_decimal(kind) else "Int64"
