"""What distinguishes one topic's query from another: its parse, its silver table, its loads for the warehouse."""

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from streaming.transforms.increments import (
    count_by_post_fact,
    measure_by_machine_minute,
    select_recent_posts,
)
from streaming.transforms.machine_events import (
    parse_machine_events,
    select_machine_events,
)
from streaming.transforms.names import make_names
from streaming.transforms.parsing import valid_key
from streaming.transforms.posts import parse_posts, select_posts, with_raw_names
from streaming.transforms.readings import parse_readings, select_readings
from streaming.transforms.rules import QualityRules
from warehouse.tables import MACHINE_EVENTS, POSTS, QUARANTINE, READINGS, Table


@dataclass(frozen=True)
class Domain:
    """One topic and what becomes of it. Name of query and topic are the same word.

    `loads` turns silver rows into (temp table, frame) pairs for the upsert of the same name.
    `identity` are the silver columns of the deduplication key, `kind` its first part.
    """

    name: str
    table: Table
    quarantine: Table
    kind: str
    identity: tuple[str, ...]
    parse: Callable[[DataFrame, QualityRules], DataFrame]
    select: Callable[[DataFrame], DataFrame]
    loads: Callable[[DataFrame], list[tuple[str, DataFrame]]]

    def key_of(self, kind: str) -> Column:
        """The deduplication key of a row that is already in a table of this topic."""
        return valid_key(F.lit(kind), [F.col(name) for name in self.identity])


def build_domains(key_file: str) -> dict[str, Domain]:
    """The three topics. `key_file` holds the pseudonyms' key; only workers read it."""
    names = make_names(key_file)

    def select_named_posts(events: DataFrame) -> DataFrame:
        columns = (F.col("event.author_id"), F.col("raw_hashtags"), F.col("raw_mentions"))
        posts = events.where(F.col("rejection").isNull() & (F.col("kind") == "post"))
        return posts.transform(with_raw_names).withColumn("names", names(*columns)).transform(select_posts)

    posts = Domain(
        "posts", POSTS, QUARANTINE["posts"], "post", ("source", "post_id"), parse_posts, select_named_posts, load_posts
    )
    readings = Domain(
        "readings",
        READINGS,
        QUARANTINE["readings"],
        "reading",
        ("reading_id",),
        parse_readings,
        select_readings,
        load_readings,
    )
    machine_events = Domain(
        "machine_events",
        MACHINE_EVENTS,
        QUARANTINE["machine_events"],
        "machine_event",
        ("event_id",),
        parse_machine_events,
        select_machine_events,
        load_machine_events,
    )
    return {domain.name: domain for domain in (posts, readings, machine_events)}


def load_posts(posts: DataFrame) -> list[tuple[str, DataFrame]]:
    """Silver posts -> increments and the sample for eyes."""
    recent = select_recent_posts(posts).withColumn("hashtags", _array_literal("hashtags"))
    return [("post_increments", count_by_post_fact(posts)), ("recent_post_rows", recent)]


def load_readings(readings: DataFrame) -> list[tuple[str, DataFrame]]:
    """Silver readings -> increments per machine, sensor and minute."""
    return [("reading_increments", measure_by_machine_minute(readings))]


def load_machine_events(events: DataFrame) -> list[tuple[str, DataFrame]]:
    """Silver machine events as they are."""
    columns = ["generation", "partition", "offset", "event_id", "machine_id", "occurred_at", "kind", "detail"]
    return [("machine_event_rows", events.select(*columns))]


def _array_literal(column: str) -> Column:
    """array<string> -> PostgreSQL's array text, every element quoted."""
    quoted = F.transform(column, lambda e: F.concat(F.lit('"'), F.regexp_replace(e, r'(["\\])', r"\\$1"), F.lit('"')))
    return F.concat(F.lit("{"), F.array_join(quoted, ","), F.lit("}"))
