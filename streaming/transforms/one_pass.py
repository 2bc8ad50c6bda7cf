"""What the rows of a batch mean for the warehouse, as facts: one exploded array and one aggregation per batch.

A row is marked with its facts (a name and up to two keys each), exploded by the marks, and equal facts add up, so late
data corrects history. The outcomes of the batch (`streaming.queries.outcomes`) are counted in the same pass: one
job a batch instead of three.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

NO_LONGER_TOLD = {"event_at": "timestamp", "unknown_fields": "array<string>", "warned": "string"}
OUTCOME = "outcome"
"""The fact that every staged row has: what became of it (key_a), whether it was late (m), how new its event is."""

WARNED = "warned"
"""The fact of a silver row that breaks a rule (key_a) which only warns."""
DRIFT = "drift"
"""The fact of a row with a field that its topic's schema does not know: its name (key_a), its first place (place)."""
PARTITION_STEP = 2**44
"""`place` is partition * this + offset: one number, which compiled code can compare; offsets stay far below."""


@dataclass(frozen=True)
class Facts:
    """`marks`: array<struct<fact, key_a, key_b>> of one row, evaluated row by row without compiled code, so kept lean.

    `columns` are computed after the explosion, from the mark and the row; `keys` of them group, `sums` add up the rest.
    """

    marks: Column
    columns: Mapping[str, Column]
    keys: tuple[str, ...]
    sums: tuple[Column, ...]


def mark(fact: str, key_a: Any = None, key_b: Any = None) -> Column:
    """One fact of a row, by name and keys (columns or texts)."""
    parts = {"fact": F.lit(fact), "key_a": F.lit(key_a), "key_b": F.lit(key_b)}
    return F.struct(*(part.cast("string").alias(name) for name, part in parts.items()))


def make_marks(of_silver: Column, **of_others: Column) -> Column:
    """The marks of a staged row: outcome, unknown fields, then those of a silver row or of a named other outcome."""
    outcome = F.array(mark(OUTCOME, F.col("outcome")))
    drifted = F.concat(outcome, F.transform("unknown_fields", lambda name: mark(DRIFT, name)))
    outcome = F.when(F.size("unknown_fields") > 0, drifted).otherwise(outcome)
    warned = F.concat(outcome, F.array(mark(WARNED, F.col("warned"))))
    outcome = F.when(F.col("warned").isNotNull(), warned).otherwise(outcome)
    marks = F.when(F.col("outcome") == "silver", F.concat(outcome, of_silver))
    for name, others in of_others.items():
        marks = marks.when(F.col("outcome") == name, F.concat(outcome, others))
    return marks.otherwise(outcome)


def make_columns(m: Column | None = None, **further: Column) -> dict[str, Column]:
    """Columns of every fact: the mark, n (1 each), m (late rows of outcomes, `m` of other facts), `seen`, `place`.

    `seen` is the age of the data: an event time that is in doubt says nothing about it.
    """
    is_outcome = F.col("fact") == OUTCOME
    other = F.lit(None) if m is None else m
    return {
        "fact": F.col("fact"),
        "key_a": F.col("key_a"),
        "key_b": F.col("key_b"),
        "n": F.lit(1),
        "m": F.when(is_outcome, F.col("is_late").cast("int")).otherwise(other.cast("int")),
        "seen": F.when(is_outcome & (F.col("key_a") == "silver") & F.col("warned").isNull(), F.col("event_at")),
        "place": F.when(F.col("fact") == DRIFT, F.col("partition") * F.lit(PARTITION_STEP) + F.col("offset")),
        **further,
    }


def make_sums(*further: Column) -> tuple[Column, ...]:
    """How the columns of every fact add up."""
    return (sum_of("n"), sum_of("m"), F.max("seen").alias("seen"), F.min("place").alias("place"), *further)


def sum_of(name: str) -> Column:
    """A count that adds up."""
    return F.sum(name).cast("long").alias(name)


def add_up(staged: DataFrame, facts: Facts) -> DataFrame:
    """Staged rows -> their facts, added up."""
    marked = staged.withColumn("mark", F.explode(facts.marks)).select("*", "mark.*")
    named = marked.select(*(column.alias(name) for name, column in facts.columns.items()))
    return named.groupBy(*facts.keys).agg(*facts.sums)


def as_staged(silver: DataFrame) -> DataFrame:
    """Silver rows with what facts ask of a staged row; when they came is no longer told."""
    nothing = {name: F.lit(None).cast(kind) for name, kind in NO_LONGER_TOLD.items()}
    return silver.withColumns({"outcome": F.lit("silver"), "is_late": F.lit(False), **nothing})
