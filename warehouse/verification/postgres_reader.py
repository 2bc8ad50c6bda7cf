"""PostgreSQL into DuckDB: the ledger, the row counts and the fact tables, all read in one transaction."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Protocol

import duckdb
import psycopg2
import pyarrow as pa
import pyarrow.csv as csv
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ

from warehouse.verification.errors import VerificationError
from warehouse.verification.scratch_database import read_sql

DECIMAL_38 = pa.decimal128(38, 0)
SCHEMAS = {
    "pg_ledger": pa.schema(
        [
            ("query", pa.string()),
            ("lineage", pa.int32()),
            ("silver_version", pa.int64()),
            ("from_offsets", pa.string()),
            ("to_offsets", pa.string()),
            ("rows", pa.int64()),
        ]
    ),
    "pg_lost_records": pa.schema(
        [
            ("query", pa.string()),
            ("topic", pa.string()),
            ("generation", pa.int32()),
            ("partition", pa.int32()),
            ("start", pa.int64()),
            ("stop", pa.int64()),
        ]
    ),
    "pg_row_counts": pa.schema([("query", pa.string()), ("outcome", pa.string()), ("rows", pa.int64())]),
    "pg_hashtag_minute": pa.schema(
        [
            ("minute_us", pa.int64()),
            ("date_id", pa.date32()),
            ("hashtag", pa.string()),
            ("lang", pa.string()),
            ("posts", pa.int64()),
        ]
    ),
    "pg_hashtag_pair_hour": pa.schema(
        [
            ("hour_us", pa.int64()),
            ("date_id", pa.date32()),
            ("hashtag_a", pa.string()),
            ("hashtag_b", pa.string()),
            ("posts", pa.int64()),
        ]
    ),
    "pg_author_day": pa.schema(
        [
            ("day", pa.date32()),
            ("author_pseudonym", pa.string()),
            ("posts", pa.int64()),
            ("replies", pa.int64()),
            ("mentions", pa.int64()),
        ]
    ),
    "pg_author_segment": pa.schema(
        [
            ("day", pa.date32()),
            ("author_pseudonym", pa.string()),
            ("segment_id", pa.int64()),
            ("model_version", pa.int64()),
        ]
    ),
    "pg_machine_minute": pa.schema(
        [
            ("minute_us", pa.int64()),
            ("date_id", pa.date32()),
            ("machine_id", pa.string()),
            ("sensor", pa.string()),
            ("readings", pa.int64()),
            ("total", DECIMAL_38),
            ("total_squares", DECIMAL_38),
            ("lowest", pa.int64()),
            ("highest", pa.int64()),
        ]
    ),
    "pg_machine_event": pa.schema(
        [
            ("generation", pa.int32()),
            ("partition", pa.int32()),
            ("offset", pa.int64()),
            ("event_id", pa.string()),
            ("machine_id", pa.string()),
            ("date_id", pa.date32()),
            ("occurred_us", pa.int64()),
            ("kind", pa.string()),
            ("detail", pa.string()),
        ]
    ),
}
"""DuckDB table -> columns. Times are microseconds UTC, measures and their sums 1e-4, sums of squares 1e-8."""

Tables = Mapping[str, pa.Table | pa.RecordBatchReader]


class PostgresSource(Protocol):
    """Where PostgreSQL's rows come from: the database, or rows in memory in a test."""

    def read(self, folder: Path) -> Tables:
        """All tables of `SCHEMAS`, from one transaction; `folder` may be used for temporary files."""
        ...


class PostgresReader:
    """Reads the real database. Needs a role that may read the schemas `warehouse` and `ops`."""

    def __init__(self, url: str) -> None:
        self._url = url

    def read(self, folder: Path) -> Tables:
        """Copies all tables to CSV files within one REPEATABLE READ transaction, then opens those as Arrow streams.

        Raises:
            VerificationError: the database does not answer, has no tables, or the role may not read them.
        """
        try:
            with closing(psycopg2.connect(self._url, application_name="verify", connect_timeout=10)) as connection:
                connection.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)
                for name in SCHEMAS:
                    with connection.cursor() as cursor, (folder / f"{name}.csv").open("wb") as file:
                        cursor.copy_expert(read_sql(f"postgres/{name}"), file)
        except psycopg2.OperationalError as error:
            raise VerificationError(f"the database does not answer: {_first_line(error)}") from None
        except (psycopg2.errors.UndefinedTable, psycopg2.errors.InvalidSchemaName) as error:
            raise VerificationError(f"the database is not migrated ({_first_line(error)}): run migrate") from None
        except psycopg2.errors.InsufficientPrivilege as error:
            raise VerificationError(f"this role may not read the warehouse: {_first_line(error)}") from None
        return dict(_open_files(folder))


def load_postgres(database: duckdb.DuckDBPyConnection, postgres: PostgresSource, folder: Path) -> None:
    """Creates one DuckDB table for each table of `SCHEMAS`, e.g. `pg_ledger`, and deletes its CSV file."""
    for name, rows in postgres.read(folder).items():
        database.register("rows", rows)
        database.table("rows").create(name)
        database.unregister("rows")
        (folder / f"{name}.csv").unlink(missing_ok=True)


def _open_files(folder: Path) -> Iterator[tuple[str, pa.Table | pa.RecordBatchReader]]:
    for name, schema in SCHEMAS.items():
        path = folder / f"{name}.csv"
        if not path.stat().st_size:  # no rows: Arrow's CSV reader raises for an empty file
            yield name, schema.empty_table()
            continue
        yield (
            name,
            csv.open_csv(
                path,
                read_options=csv.ReadOptions(column_names=schema.names),
                parse_options=csv.ParseOptions(newlines_in_values=True),
                convert_options=csv.ConvertOptions(
                    column_types=schema, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
                ),
            ),
        )


def _first_line(error: psycopg2.Error) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
