"""Delta tables into DuckDB, each at one version: delta-rs lists the files of the version, DuckDB reads them."""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from warehouse.verification.commits import find_newest_version
from warehouse.verification.errors import VerificationError
from warehouse.verification.scratch_database import read_sql


@dataclass(frozen=True)
class DeltaReader:
    """Loads the Delta tables below `path` into `database`. A table that does not exist is skipped."""

    path: Path
    database: duckdb.DuckDBPyConnection
    temporary: Path  # folder for an empty Parquet file

    def table(self, name: str) -> Path:
        """The folder of a table, e.g. `silver/posts`."""
        return self.path / name

    def exists(self, name: str) -> bool:
        """True once the table has a commit."""
        return find_newest_version(self.table(name)) is not None

    def load(self, name: str, statement: str, version: int | None = None) -> int | None:
        """Runs `load/<statement>.sql` over the table's files.

        Returns:
            The version that was read; None where there is no table.

        Raises:
            VerificationError: the version's commit or one of its files was deleted, or the table has deletion vectors.
        """
        if not self.exists(name):
            return None
        table = _open(self.table(name), version)
        self._set_files(table)
        try:
            self.database.execute(read_sql(f"load/{statement}"))
        except duckdb.IOException as error:
            raise _unreadable(self.table(name), table.version(), error) from None
        return table.version()

    def _set_files(self, table: DeltaTable) -> None:
        """Sets DuckDB's variable `files`, which the statements in `load/` read."""
        files = table.file_uris() or [self._write_empty_file(table)]
        self.database.execute("SET VARIABLE files = $files", {"files": files})

    def _write_empty_file(self, table: DeltaTable) -> str:
        schema = pa.schema(table.schema().to_arrow())
        path = self.temporary / "empty.parquet"
        pq.write_table(schema.empty_table(), path)
        return str(path)


def _open(path: Path, version: int | None) -> DeltaTable:
    try:
        table = DeltaTable(str(path), version=version)
    except TableNotFoundError:
        raise VerificationError(f"{path} is not a Delta table at version {version}") from None
    except DeltaError as error:
        raise _unreadable(path, version, error) from None
    if "deletionVectors" in (table.protocol().reader_features or []):
        raise VerificationError(f"{path} uses deletion vectors; set delta.enableDeletionVectors to false")
    return table


def _unreadable(path: Path, version: int | None, error: Exception) -> VerificationError:
    """The version was there when the snapshot was taken; its commit or one of its files has been deleted since."""
    return VerificationError(
        f"version {version} of {path.parent.name}/{path.name} can no longer be read: "
        f"let the stream catch up, then verify again ({str(error).splitlines()[0]})"
    )
