"""Delta tables into the scratch database, each at one version, by delta-rs' list of files."""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from warehouse.verification.commits import newest_version
from warehouse.verification.errors import VerificationError
from warehouse.verification.scratch import read_sql


@dataclass(frozen=True)
class Lake:
    """The tables below one folder, loaded into one database. A table that does not exist is empty."""

    path: Path
    database: duckdb.DuckDBPyConnection
    folder: Path

    def table(self, name: str) -> Path:
        """The folder of a table."""
        return self.path / name

    def exists(self, name: str) -> bool:
        """True once the table has a commit."""
        return newest_version(self.table(name)) is not None

    def load(self, name: str, statement: str, version: int | None = None) -> int | None:
        """Runs `load/<statement>.sql` over the table's files and returns the version that was read; None: no table."""
        if not self.exists(name):
            return None
        delta = _open(self.table(name), version)
        self.point_to(delta)
        try:
            self.database.execute(read_sql(f"load/{statement}"))
        except duckdb.IOException as error:
            raise _unreadable(self.table(name), delta.version(), error) from None
        return delta.version()

    def point_to(self, delta: DeltaTable) -> None:
        """Lets the next statement read this table by the variable `files`."""
        files = delta.file_uris() or [self._empty_file(delta)]
        self.database.execute("SET VARIABLE files = $files", {"files": files})

    def _empty_file(self, delta: DeltaTable) -> str:
        schema = pa.schema(delta.schema().to_arrow())
        path = self.folder / "empty.parquet"
        pq.write_table(schema.empty_table(), path)
        return str(path)


def _open(table: Path, version: int | None) -> DeltaTable:
    try:
        delta = DeltaTable(str(table), version=version)
    except TableNotFoundError:
        raise VerificationError(f"{table} is not a Delta table at version {version}") from None
    except DeltaError as error:
        raise _unreadable(table, version, error) from None
    if "deletionVectors" in (delta.protocol().reader_features or []):
        raise VerificationError(f"{table} uses deletion vectors; set delta.enableDeletionVectors to false")
    return delta


def _unreadable(table: Path, version: int | None, error: Exception) -> VerificationError:
    """Its commit or one of its files was cleaned away since."""
    return VerificationError(
        f"version {version} of {table.parent.name}/{table.name} can no longer be read: "
        f"let the stream catch up, then verify again ({str(error).splitlines()[0]})"
    )
