"""The DuckDB database in which a recount compares: on disk below a temporary folder, so that memory stays bounded."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.verification.inputs import Inputs


@contextmanager
def open_scratch_database(inputs: Inputs) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """A database with the tables of `load/tables.sql`, and its folder (mode 0700); both are deleted afterwards."""
    with TemporaryDirectory(prefix="afluente-verify-", dir=inputs.temporary) as name:
        folder = Path(name)
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": inputs.memory,
            "threads": inputs.workers,
            "temp_directory": str(folder),
            "preserve_insertion_order": False,
        }
        database = duckdb.connect(str(folder / "recount.duckdb"), config=config)
        try:
            database.execute(read_sql("load/tables"))
            yield database, folder
        finally:
            database.close()


def append_rows(database: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Appends Python rows to a table, in its column order. For few rows (versions, offsets), not for records."""
    schema = database.table(table).limit(0).to_arrow_table().schema
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)]
    database.from_arrow(pa.Table.from_arrays(arrays, schema=schema)).insert_into(table)


def read_sql(name: str) -> str:
    """The text of a statement of this package, e.g. `check/bronze_once`."""
    return resources.files("warehouse.verification").joinpath(f"{name}.sql").read_text(encoding="utf-8")
