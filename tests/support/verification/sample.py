"""The sample lakehouse: every kind of record in every layer, without a difference."""

from datetime import datetime
from pathlib import Path

from tests.support.verification.journal_lines import make_journal
from tests.support.verification.lake_rows import (
    make_bronze,
    make_deletion,
    make_event,
    make_gold,
    make_post_a,
    make_post_b,
    make_post_c,
    make_quarantined,
    make_reading,
)
from tests.support.verification.lakehouse import LAKE, Row, SampleLakehouse
from tests.support.verification.postgres_rows import make_postgres
from tests.support.verification.records import ENDS, FIRST, MIDDLE, READING_BAD, SECOND, to_bytes


def make_lakehouse(folder: Path) -> SampleLakehouse:
    """All records, processed without a mistake in two batches, each applied by gold and PostgreSQL."""
    tables: dict[str, list[tuple[Row, list[Row]]]] = {name: [({}, [])] for name in LAKE}
    tables["bronze/records"].append((make_metadata("bronze", {}, MIDDLE), make_bronze(second=False)))
    tables["bronze/records"].append((make_metadata("bronze", MIDDLE, ENDS), make_bronze(second=True)))
    tables["silver/posts"] += make_batches("posts", [make_post_a()], [make_post_b(), make_post_c()])
    readings = make_reading("r1", 0, 1, "2.5"), make_reading("r2", 2, 59.999, "-1.125")
    tables["silver/readings"] += make_batches("readings", [readings[0]], [readings[1]])
    tables["silver/machine_events"] += make_batches("machine_events", [], [make_event()])
    tables["silver/post_deletions"].append(({}, [make_deletion()]))
    tables["quarantine/posts"].append(({}, [make_quarantined(0, 1, b"{not json", "malformed", FIRST)]))
    tables["quarantine/posts"].append(({}, [make_quarantined(1, 3, None, "malformed", SECOND)]))
    tables["quarantine/readings"].append(
        ({}, [make_quarantined(0, 1, to_bytes(READING_BAD), "impossible_value", FIRST)])
    )
    for name, rows in make_gold().items():
        tables[f"gold/{name}"].append(({"query": "gold", "lineage": 1, "silver_version": 2}, rows))
    return SampleLakehouse(folder, tables, make_postgres(), make_journal())


def make_metadata(query: str, start: Row, stop: Row, at: datetime = FIRST) -> Row:
    """The commit metadata of a micro-batch."""
    return {
        "query": query,
        "lineage": 1,
        "from": start,
        "to": stop,
        "generation": 1,
        "rules": "r",
        "batch_at": at.isoformat(),
    }


def make_batches(query: str, first: list[Row], second: list[Row]) -> list[tuple[Row, list[Row]]]:
    """The two commits of a silver table, with the rows of each batch."""
    return [
        ({**make_metadata(query, {}, MIDDLE[query]), "counts": {"silver": len(first)}}, first),
        ({**make_metadata(query, MIDDLE[query], ENDS[query], SECOND), "counts": {"silver": len(second)}}, second),
    ]
