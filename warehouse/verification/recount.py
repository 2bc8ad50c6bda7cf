"""The recount from start to end: the cut, everything into the scratch database, then the comparisons."""

from collections.abc import Iterator
from datetime import UTC, datetime

from warehouse.verification.checks import DRAINED, JOURNAL, LAKE, POSTGRES, keep_followed, run_check, run_checks
from warehouse.verification.commits import newest_version, through_upkeep
from warehouse.verification.delta_reader import Lake
from warehouse.verification.errors import VerificationError
from warehouse.verification.inputs import Inputs
from warehouse.verification.journal import load_journal
from warehouse.verification.postgres_reader import Facts, load_facts
from warehouse.verification.reparse import reparse_bronze
from warehouse.verification.report import Check, Report
from warehouse.verification.scratch import open_scratch, read_sql
from warehouse.verification.snapshot import BRONZE, Snapshot, make_snapshot, silver_version
from warehouse.verification.tables import GOLD, QUERIES


def verify(inputs: Inputs, facts: Facts) -> Report:
    """Compares journal, lake and warehouse at one cut.

    Raises:
        VerificationError: there is nothing to compare, or something cannot be read.
    """
    if newest_version(inputs.lake / BRONZE) is None:
        raise VerificationError(f"there is no lake below {inputs.lake}: start the stream first")
    with open_scratch(inputs) as (database, folder):
        lake = Lake(inputs.lake, database, folder)
        load_facts(database, facts, folder)
        cut = make_snapshot(lake, inputs)
        has_journal = load_journal(database, inputs.journal)
        _load_lake(lake, inputs, cut)
        plans = (*(JOURNAL if has_journal else ()), *LAKE, *keep_followed(database, POSTGRES, cut.ledger))
        checks = [*run_checks(database, plans), *_check_gold(lake, cut)]
        if inputs.drained:
            checks += run_checks(database, DRAINED)
        return Report(tuple(checks), cut.describe(), _count_outside(lake))


def _load_lake(lake: Lake, inputs: Inputs, cut: Snapshot) -> None:
    limits = inputs.limits
    earliest = round(datetime.fromisoformat(limits.earliest).replace(tzinfo=UTC).timestamp())
    seconds = {"late_us": limits.late_seconds, "tolerance_us": limits.tolerance_seconds, "earliest_us": earliest}
    for name, value in seconds.items():
        lake.database.execute(f"SET VARIABLE {name} = $value", {"value": value * 1_000_000})
    for query in QUERIES:
        if cut.silver[query] is not None:
            lake.load(f"silver/{query}", f"silver_{query}", cut.silver[query])
        lake.database.execute("SET VARIABLE topic = $topic", {"topic": query})
        lake.load(f"quarantine/{query}", "quarantine")
    lake.load("silver/post_deletions", "deletions")
    lake.load(BRONZE, "bronze", cut.bronze)
    reparse_bronze(lake.database, inputs)
    lake.database.execute(read_sql("load/views"))


def _check_gold(lake: Lake, cut: Snapshot) -> Iterator[Check]:
    """Each gold table against silver at the version that it has condensed, in a schema that hides the cut's silver."""
    for gold in GOLD:
        commit = cut.gold[gold.name]
        if commit is None:
            continue
        lake.database.execute(read_sql("load/gold_schema"))
        silver = through_upkeep(lake.table(f"silver/{gold.query}"), silver_version(commit))
        lake.load(f"silver/{gold.query}", f"silver_{gold.query}", silver)
        lake.load(f"gold/{gold.name}", f"gold_{gold.name}", commit.version)
        yield run_check(lake.database, f"gold_{gold.name}")
        lake.database.execute("SET search_path = 'main'")


def _count_outside(lake: Lake) -> dict[str, int]:
    """What the comparisons leave out: told, never called a difference."""
    found = lake.database.execute(read_sql("load/outside")).fetchall()
    return {name: int(rows) for name, rows in sorted(found)}
