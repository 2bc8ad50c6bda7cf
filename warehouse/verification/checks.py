"""The comparisons, in order, and how one is run: a query whose rows are compared rows, with a `difference` or none."""

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from warehouse.verification.report import Check
from warehouse.verification.scratch import read_sql

EXAMPLES = 10


@dataclass(frozen=True)
class Plan:
    """One comparison: the statement `check/<name>.sql`. `facts` is PostgreSQL's table, of `query`'s chain."""

    name: str
    query: str = ""
    facts: str = ""


JOURNAL = (
    Plan("journal_readable"),
    Plan("acknowledged_in_bronze"),
    Plan("journal_verdicts"),
    Plan("journal_posts"),
    Plan("journal_readings"),
    Plan("journal_machine_events"),
)
LAKE = (
    Plan("bronze_once"),
    Plan("bronze_without_gaps"),
    Plan("one_place"),
    Plan("duplicates_have_twins"),
    Plan("identity_once_within_horizon"),
    Plan("verdicts"),
    Plan("quarantine_bytes"),
    Plan("silver_posts"),
    Plan("silver_readings"),
    Plan("silver_machine_events"),
    Plan("post_deletions"),
    Plan("no_personal_ids"),
)
POSTGRES = (
    Plan("hashtag_minutes_recounted", "posts", "pg_hashtag_minute"),
    Plan("machine_minutes_recounted", "readings", "pg_machine_minute"),
    Plan("hashtag_minutes", "posts", "pg_hashtag_minute"),
    Plan("hashtag_pair_hours", "posts", "pg_hashtag_pair_hour"),
    Plan("author_days", "posts", "pg_author_day"),
    Plan("machine_minutes", "readings", "pg_machine_minute"),
    Plan("machine_events", "machine_events", "pg_machine_event"),
    Plan("ledger_positions"),
    Plan("ledger_rows"),
    Plan("row_counts"),
)
DRAINED = (Plan("drained"),)


def run_checks(database: duckdb.DuckDBPyConnection, plans: tuple[Plan, ...]) -> Iterator[Check]:
    """Runs the comparisons one after the other."""
    for plan in plans:
        yield run_check(database, plan.name)


def run_check(database: duckdb.DuckDBPyConnection, name: str) -> Check:
    """Counts compared rows and differences, and fetches the first rows that differ."""
    compared = database.sql(read_sql(f"check/{name}"))
    rows, differences = compared.aggregate("count(*), count(difference)").fetchall()[0]
    if not differences:
        return Check(name, rows, 0)
    differing = compared.filter("difference IS NOT NULL").order("ALL").limit(EXAMPLES)
    return Check(name, rows, differences, tuple(differing.columns), tuple(differing.fetchall()))


def keep_followed(
    database: duckdb.DuckDBPyConnection, plans: tuple[Plan, ...], ledger: dict[str, int | None]
) -> tuple[Plan, ...]:
    """Drops comparisons with facts that PostgreSQL has not begun: no ledger row and, as it must be, no fact."""

    def has_begun(plan: Plan) -> bool:
        if not plan.facts or ledger.get(plan.query) is not None:
            return True
        return bool(database.table(plan.facts).limit(1).fetchall())

    return tuple(plan for plan in plans if has_begun(plan))
