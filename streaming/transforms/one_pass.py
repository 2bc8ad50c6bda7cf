"""Everything that PostgreSQL needs of a batch, computed in one aggregation: one Spark job per batch instead of three,
1.1 s instead of 1.9 s for 2 000 posts on an idle machine.

Each staged row has an array of contributions: one per row of a fact table that it adds to, one for its outcome, and one
per warning or unknown field. The array is exploded, and contributions with the same key are added up. The result holds
increments of `fact_*` tables (added to what is there, so late data corrects history), the outcome counts of the batch
(`streaming.queries.outcomes`) and its unknown fields (`streaming.queries.schema_drift`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

NOT_IN_SILVER = {"event_at": "timestamp", "unknown_fields": "array<string>", "warned": "string"}
"""Columns of a staged row that a silver row lacks, with their types."""
OUTCOME = "outcome"
"""The contribution of every staged row: key_a its outcome, m whether it is late, newest_event_at its event time."""

WARNED = "warned"
"""The contribution of a silver row that breaks a rule with action `warn`: key_a the rule."""
DRIFT = "drift"
"""A contribution per field that the topic's schema does not have: key_a its name, partition_offset the record's."""
PARTITION_STEP = 2**44
"""`partition_offset` is partition * this + offset: a single number, because generated code can compute the minimum of
numbers but not of structs. Offsets stay far below it."""


@dataclass(frozen=True)
class OnePassAggregation:
    """How the staged rows of one topic are aggregated.

    `contributions`: array<struct<fact, key_a, key_b>> of one row. Spark interprets this expression, it generates no
    code for it, so keep it small. `columns` are computed after the explosion, from the contribution and its row; those
    named in `keys` are grouped by, and `sums` aggregate the others.
    """

    contributions: Column
    columns: Mapping[str, Column]
    keys: tuple[str, ...]
    sums: tuple[Column, ...]


def contribution(fact: str, key_a: Any = None, key_b: Any = None) -> Column:
    """struct<fact, key_a, key_b>: what one row adds to, and under which keys (columns or texts, null if not given).

    `fact` is the name of a fact table without its prefix (hashtag_minute for warehouse.fact_hashtag_minute), or
    recent_post or deletion (a row for warehouse.recent_posts, a row to delete there), or `OUTCOME`, `WARNED`, `DRIFT`.
    """
    parts = {"fact": F.lit(fact), "key_a": F.lit(key_a), "key_b": F.lit(key_b)}
    return F.struct(*(part.cast("string").alias(name) for name, part in parts.items()))


def make_contributions(of_silver: Column, **of_others: Column) -> Column:
    """All contributions of a staged row: its outcome, its unknown fields, its warning, then `of_silver` if the outcome
    is silver, or the argument that has the outcome's name (e.g. `deletion`)."""
    outcome = F.array(contribution(OUTCOME, F.col("outcome")))
    with_drift = F.concat(outcome, F.transform("unknown_fields", lambda name: contribution(DRIFT, name)))
    outcome = F.when(F.size("unknown_fields") > 0, with_drift).otherwise(outcome)
    with_warning = F.concat(outcome, F.array(contribution(WARNED, F.col("warned"))))
    outcome = F.when(F.col("warned").isNotNull(), with_warning).otherwise(outcome)
    contributions = F.when(F.col("outcome") == "silver", F.concat(outcome, of_silver))
    for name, others in of_others.items():
        contributions = contributions.when(F.col("outcome") == name, F.concat(outcome, others))
    return contributions.otherwise(outcome)


def make_columns(m: Column | None = None, **further: Column) -> dict[str, Column]:
    """Columns of every contribution: fact, key_a, key_b, n (1), m (1 for the outcome of a late row, `m` for anything
    but an outcome), newest_event_at (event time of silver rows), partition_offset (of `DRIFT`), and `further` ones.

    The newest event time shows the age of the data; a row with a warning has a doubtful time and is left out of it.
    """
    is_outcome = F.col("fact") == OUTCOME
    other = F.lit(None) if m is None else m
    is_reliable = is_outcome & (F.col("key_a") == "silver") & F.col("warned").isNull()
    return {
        "fact": F.col("fact"),
        "key_a": F.col("key_a"),
        "key_b": F.col("key_b"),
        "n": F.lit(1),
        "m": F.when(is_outcome, F.col("is_late").cast("int")).otherwise(other.cast("int")),
        "newest_event_at": F.when(is_reliable, F.col("event_at")),
        "partition_offset": F.when(
            F.col("fact") == DRIFT, F.col("partition") * F.lit(PARTITION_STEP) + F.col("offset")
        ),
        **further,
    }


def make_sums(*further: Column) -> tuple[Column, ...]:
    """How the columns of every contribution are aggregated, and how `further` ones are."""
    newest, first = F.max("newest_event_at"), F.min("partition_offset")
    return (sum_of("n"), sum_of("m"), newest.alias("newest_event_at"), first.alias("partition_offset"), *further)


def sum_of(name: str) -> Column:
    """The sum of a column of counts, as a long of the same name."""
    return F.sum(name).cast("long").alias(name)


def add_up(staged: DataFrame, aggregation: OnePassAggregation) -> DataFrame:
    """Staged rows -> one row per distinct `aggregation.keys`, with its sums."""
    exploded = staged.withColumn("contribution", F.explode(aggregation.contributions)).select("*", "contribution.*")
    selected = exploded.select(*(column.alias(name) for name, column in aggregation.columns.items()))
    return selected.groupBy(*aggregation.keys).agg(*aggregation.sums)


def as_staged(silver: DataFrame) -> DataFrame:
    """Silver rows as staged rows, for `add_up`. Silver stores neither lateness nor warnings nor unknown fields: is_late
    is false, the others are null."""
    missing = {name: F.lit(None).cast(kind) for name, kind in NOT_IN_SILVER.items()}
    return silver.withColumns({"outcome": F.lit("silver"), "is_late": F.lit(False), **missing})
