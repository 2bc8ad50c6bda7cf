"""The comparisons, in their order, and how one is run.

Each is a SELECT in `check/<name>.sql` with one row per compared item; its column `difference` is NULL where both sides
agree.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from warehouse.verification.report import Check
from warehouse.verification.scratch_database import read_sql

EXAMPLES = 10


@dataclass(frozen=True)
class Comparison:
    """The statement `check/<name>.sql`. `query` and `fact_table` are set if it compares a fact table of PostgreSQL."""

    name: str
    query: str = ""  # whose silver table fills the fact table
    fact_table: str = ""  # its name in DuckDB


JOURNAL_CHECKS = (
    Comparison("journal_readable"),
    Comparison("acknowledged_in_bronze"),
    Comparison("journal_verdicts"),
    Comparison("journal_posts"),
    Comparison("journal_readings"),
    Comparison("journal_machine_events"),
)
LAKE_CHECKS = (
    Comparison("bronze_once"),
    Comparison("bronze_without_gaps"),
    Comparison("one_place"),
    Comparison("duplicates_have_twins"),
    Comparison("identity_once_within_horizon"),
    Comparison("verdicts"),
    Comparison("quarantine_bytes"),
    Comparison("silver_posts"),
    Comparison("silver_readings"),
    Comparison("silver_machine_events"),
    Comparison("post_deletions"),
    Comparison("no_personal_ids"),
)
POSTGRES_CHECKS = (
    Comparison("hashtag_minutes_recounted", "posts", "pg_hashtag_minute"),
    Comparison("machine_minutes_recounted", "readings", "pg_machine_minute"),
    Comparison("hashtag_minutes", "posts", "pg_hashtag_minute"),
    Comparison("hashtag_pair_hours", "posts", "pg_hashtag_pair_hour"),
    Comparison("author_days", "posts", "pg_author_day"),
    Comparison("machine_minutes", "readings", "pg_machine_minute"),
    Comparison("machine_events", "machine_events", "pg_machine_event"),
    Comparison("ledger_positions"),
    Comparison("ledger_rows"),
    Comparison("row_counts"),
)
MODEL_CHECKS = (Comparison("author_segments", "segments", "pg_author_segment"),)
"""Of what models made from gold, so after the checks of gold."""
DRAINED_CHECKS = (Comparison("drained"),)


def run_checks(database: duckdb.DuckDBPyConnection, comparisons: tuple[Comparison, ...]) -> Iterator[Check]:
    """Runs the comparisons one after the other."""
    for comparison in comparisons:
        yield run_check(database, comparison.name)


def run_check(database: duckdb.DuckDBPyConnection, name: str) -> Check:
    """Counts compared rows and differences, and fetches the first rows that differ."""
    compared = database.sql(read_sql(f"check/{name}"))
    rows, differences = compared.aggregate("count(*), count(difference)").fetchall()[0]
    if not differences:
        return Check(name, rows, 0)
    differing = compared.filter("difference IS NOT NULL").order("ALL").limit(EXAMPLES)
    return Check(name, rows, differences, tuple(differing.columns), tuple(differing.fetchall()))


def drop_not_started(
    database: duckdb.DuckDBPyConnection, comparisons: tuple[Comparison, ...], ledger: dict[str, int | None]
) -> tuple[Comparison, ...]:
    """Drops comparisons with fact tables that PostgreSQL has not begun to fill.

    A fact table with rows but no ledger entry is compared: its rows must not be there.
    """

    def has_started(comparison: Comparison) -> bool:
        if not comparison.fact_table or ledger.get(comparison.query) is not None:
            return True
        return bool(database.table(comparison.fact_table).limit(1).fetchall())

    return tuple(comparison for comparison in comparisons if has_started(comparison))
