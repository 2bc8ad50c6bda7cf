"""The recount from start to end: fix the versions, load everything into DuckDB, run the comparisons."""

from collections.abc import Iterator
from datetime import UTC, datetime

from warehouse.verification.checks import (
    DRAINED_CHECKS,
    JOURNAL_CHECKS,
    LAKE_CHECKS,
    MODEL_CHECKS,
    POSTGRES_CHECKS,
    drop_not_started,
    run_check,
    run_checks,
)
from warehouse.verification.commits import find_newest_version, find_newest_with_same_rows
from warehouse.verification.delta_reader import DeltaReader
from warehouse.verification.errors import VerificationError
from warehouse.verification.inputs import Inputs
from warehouse.verification.journal import load_journal
from warehouse.verification.postgres_reader import PostgresSource, load_postgres
from warehouse.verification.reparse import reparse_bronze
from warehouse.verification.report import Check, Report
from warehouse.verification.scratch_database import open_scratch_database, read_sql
from warehouse.verification.snapshot import BRONZE, Snapshot, read_silver_version, take_snapshot
from warehouse.verification.tables import GOLD, QUERIES


def verify(inputs: Inputs, postgres: PostgresSource) -> Report:
    """Compares journal, lake and PostgreSQL, each at a version that fits the others.

    PostgreSQL is read before the Delta tables: silver is then at the ledger's version or already further, never behind.

    Raises:
        VerificationError: there is nothing to compare, or something cannot be read.
    """
    if find_newest_version(inputs.lake / BRONZE) is None:
        raise VerificationError(f"there is no lake below {inputs.lake}: start the stream first")
    with open_scratch_database(inputs) as (database, folder):
        delta = DeltaReader(inputs.lake, database, folder)
        load_postgres(database, postgres, folder)
        snapshot = take_snapshot(delta, inputs)
        has_journal = load_journal(database, inputs.journal)
        _load_lake(delta, inputs, snapshot)
        postgres_checks = drop_not_started(database, POSTGRES_CHECKS, snapshot.ledger)
        comparisons = (*(JOURNAL_CHECKS if has_journal else ()), *LAKE_CHECKS, *postgres_checks)
        checks = [*run_checks(database, comparisons), *_check_gold(delta, snapshot)]
        checks += run_checks(database, drop_not_started(database, MODEL_CHECKS, snapshot.ledger))
        if inputs.drained:
            checks += run_checks(database, DRAINED_CHECKS)
        return Report(tuple(checks), snapshot.describe(), _count_not_compared(delta))


def _load_lake(delta: DeltaReader, inputs: Inputs, snapshot: Snapshot) -> None:
    limits = inputs.limits
    earliest = round(datetime.fromisoformat(limits.earliest).replace(tzinfo=UTC).timestamp())
    seconds = {"late_us": limits.late_seconds, "tolerance_us": limits.tolerance_seconds, "earliest_us": earliest}
    for name, value in seconds.items():
        delta.database.execute(f"SET VARIABLE {name} = $value", {"value": value * 1_000_000})
    for query in QUERIES:
        if snapshot.silver[query] is not None:
            delta.load(f"silver/{query}", f"silver_{query}", snapshot.silver[query])
        delta.database.execute("SET VARIABLE topic = $topic", {"topic": query})
        delta.load(f"quarantine/{query}", "quarantine")
    delta.load("silver/post_deletions", "deletions")
    delta.load("gold/author_segments", "gold_author_segments")
    delta.load(BRONZE, "bronze", snapshot.bronze)
    reparse_bronze(delta.database, inputs)
    delta.database.execute(read_sql("load/views"))


def _check_gold(delta: DeltaReader, snapshot: Snapshot) -> Iterator[Check]:
    """Compares each gold table with silver at the version that the gold table was made from.

    That silver is loaded into the schema `as_of_gold`, which is searched before `main` with the snapshot's silver.
    """
    for gold in GOLD:
        commit = snapshot.gold[gold.name]
        if commit is None:
            continue
        delta.database.execute(read_sql("load/gold_schema"))
        silver = find_newest_with_same_rows(delta.table(f"silver/{gold.query}"), read_silver_version(commit))
        delta.load(f"silver/{gold.query}", f"silver_{gold.query}", silver)
        delta.load(f"gold/{gold.name}", f"gold_{gold.name}", commit.version)
        yield run_check(delta.database, f"gold_{gold.name}")
        delta.database.execute("SET search_path = 'main'")


def _count_not_compared(delta: DeltaReader) -> dict[str, int]:
    """Records that no comparison can judge, by reason: reported, but not counted as differences."""
    found = delta.database.execute(read_sql("load/not_compared")).fetchall()
    return {name: int(rows) for name, rows in sorted(found)}
