"""The rows that PostgreSQL must have for the sample's records, by DuckDB table of the recount."""

import json
from datetime import timedelta
from decimal import Decimal

from tests.support.verification.lake_rows import (
    make_author_days,
    make_author_segments,
    make_event,
    make_hashtag_minutes,
    make_machine_minutes,
)
from tests.support.verification.lakehouse import Row
from tests.support.verification.records import DAY, ENDS, MIDDLE, T0, to_us

ROW_COUNTS = {
    ("posts", "silver"): 3,
    ("posts", "duplicate"): 1,
    ("posts", "deletion"): 1,
    ("posts", "quarantine:malformed"): 2,
    ("posts", "late"): 1,
    ("readings", "silver"): 2,
    ("readings", "quarantine:impossible_value"): 1,
    ("readings", "duplicate"): 1,
    ("machine_events", "silver"): 1,
    ("machine_events", "late"): 0,
}
"""(query, outcome) -> rows."""


def make_postgres() -> dict[str, list[Row]]:
    """Fact tables, ledger and row counts after both batches."""
    minutes = [{"minute_us": to_us(row["minute"]), "date_id": DAY, **row} for row in make_hashtag_minutes()]
    pairs = [("rio", "água", 0), ("rio", "rio2", -1)]
    machine = [
        {
            **row,
            "minute_us": to_us(row["minute"]),
            "date_id": DAY,
            "total": _scale(row["total"], 4),
            "total_squares": _scale(row["total_squares"], 8),
            "lowest": _scale(row["lowest"], 4),
            "highest": _scale(row["highest"], 4),
        }
        for row in make_machine_minutes()
    ]
    event = make_event()
    return {
        "pg_ledger": [
            *_make_ledger("posts", 1, 2),
            *_make_ledger("readings", 1, 1),
            *_make_ledger("machine_events", 0, 1),
        ],
        "pg_lost_records": [],
        "pg_row_counts": [{"query": q, "outcome": o, "rows": n} for (q, o), n in ROW_COUNTS.items()],
        "pg_hashtag_minute": minutes,
        "pg_hashtag_pair_hour": [
            {"hour_us": to_us(T0 + timedelta(hours=hour)), "date_id": DAY, "hashtag_a": a, "hashtag_b": b, "posts": 1}
            for a, b, hour in pairs
        ],
        "pg_author_day": make_author_days(),
        "pg_author_segment": make_author_segments(),
        "pg_machine_minute": machine,
        "pg_machine_event": [{**event, "date_id": DAY, "occurred_us": to_us(event["occurred_at"])}],
    }


def _make_ledger(query: str, *rows: int) -> list[Row]:
    steps = [({}, MIDDLE[query]), (MIDDLE[query], ENDS[query])]
    return [
        {
            "query": query,
            "lineage": 1,
            "silver_version": number,
            "from_offsets": json.dumps(start),
            "to_offsets": json.dumps(stop),
            "rows": rows[number - 1],
        }
        for number, (start, stop) in enumerate(steps, 1)
    ]


def _scale(value: Decimal, scale: int) -> int:
    return int(value.scaleb(scale))
