"""What each topic has of its own: records, silver table, deletions, increments and loads for PostgreSQL."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from streaming.records import machine_events, posts, readings
from streaming.records.names import mask_handles
from streaming.transforms.arrow_groups import TIMESTAMP
from streaming.transforms.deduplication import valid_key
from streaming.transforms.increments import (
    make_machine_event_aggregation,
    make_post_aggregation,
    make_reading_aggregation,
)
from streaming.transforms.one_pass import OnePassAggregation
from streaming.transforms.one_pass_arrow import (
    Increments,
    add_up_in_arrow,
    machine_event_increments,
    post_increments,
    reading_increments,
    select_deletion_rows,
)
from streaming.transforms.staging import Stage, make_stage, select_deletions
from warehouse.database.copy import Load
from warehouse.lake.tables import MACHINE_EVENTS, POST_DELETIONS, POSTS, QUARANTINE, READINGS, Table

MASKED_LENGTH = 280


@dataclass(frozen=True)
class Deletions:
    """Deletion events of a topic: where they are stored, and how they reach silver's readers."""

    table: Table
    kind: str  # first part of their deduplication key
    select: Callable[[DataFrame], DataFrame]  # staged rows -> rows of `table`
    select_in_arrow: Callable[[pa.Table], pa.Table]  # the same
    load: Callable[[DataFrame], Load]  # rows of `table` -> the temp table of the query's upsert
    blanked: tuple[str, ...]  # silver columns that a deletion empties


@dataclass(frozen=True)
class TopicPipeline:
    """One topic, from record to PostgreSQL. The query and the topic have the same name.

    `loads` turns the aggregated contributions into temp tables for the upsert of the same name. `aggregation` holds
    columns that are built once: each costs several calls into the JVM, and a batch would pay for a hundred of them.
    `identity` are the silver columns of the deduplication key, `kind` its first part.
    """

    name: str
    table: Table
    kind: str
    identity: tuple[str, ...]
    stage: Stage  # records -> staged rows
    aggregation: OnePassAggregation
    increments: Increments  # the same in Arrow, for small batches
    further: dict[str, pa.DataType]  # columns of its contributions that not every topic has
    loads: Callable[[pa.Table], list[Load]]
    deletions: Deletions | None = None

    @property
    def quarantine(self) -> Table:
        """The table of its unusable records."""
        return QUARANTINE[self.name]

    @property
    def tables(self) -> list[tuple[Table, str]]:
        """(table, kind) of the tables with its valid records: silver first."""
        deletions = [(self.deletions.table, self.deletions.kind)] if self.deletions else []
        return [(self.table, self.kind), *deletions]

    def add_up_in_arrow(self, staged: pa.Table) -> pa.Table:
        """The contributions of a small batch; as `one_pass.add_up`."""
        return add_up_in_arrow(staged, self.increments, self.further)

    def key_of(self, kind: str) -> Column:
        """The deduplication key of a row that is already in one of `tables`."""
        return valid_key(F.lit(kind), [F.col(name) for name in self.identity])


def build_topic_pipelines(key_file: str) -> dict[str, TopicPipeline]:
    """The three pipelines by topic. `key_file` holds the pseudonyms' key; only Python workers read it."""
    pipelines = (_build_posts(key_file), _build_readings(key_file), _build_machine_events(key_file))
    return {pipeline.name: pipeline for pipeline in pipelines}


def _build_posts(key_file: str) -> TopicPipeline:
    return TopicPipeline(
        name="posts",
        table=POSTS,
        kind="post",
        identity=("source", "post_id"),
        stage=make_stage(posts.POSTS, POSTS.schema, key_file),
        aggregation=make_post_aggregation(),
        increments=post_increments,
        further={"at": TIMESTAMP, "k": pa.int64()},
        loads=load_posts,
        deletions=Deletions(
            POST_DELETIONS, "deletion", select_deletions, select_deletion_rows, load_deletions, blanked=("text",)
        ),
    )


def _build_readings(key_file: str) -> TopicPipeline:
    return TopicPipeline(
        name="readings",
        table=READINGS,
        kind="reading",
        identity=("reading_id",),
        stage=make_stage(readings.READINGS, READINGS.schema, key_file),
        aggregation=make_reading_aggregation(),
        increments=reading_increments,
        further={
            "at": TIMESTAMP,
            "total": pa.decimal128(38, 4),
            "total_squares": pa.decimal128(38, 8),
            "lowest": pa.decimal128(18, 4),
            "highest": pa.decimal128(18, 4),
        },
        loads=load_readings,
    )


def _build_machine_events(key_file: str) -> TopicPipeline:
    return TopicPipeline(
        name="machine_events",
        table=MACHINE_EVENTS,
        kind="machine_event",
        identity=("event_id",),
        stage=make_stage(machine_events.MACHINE_EVENTS, MACHINE_EVENTS.schema, key_file),
        aggregation=make_machine_event_aggregation(),
        increments=machine_event_increments,
        further={},
        loads=load_machine_events,
    )


def load_posts(contributions: pa.Table) -> list[Load]:
    """Contributions of posts -> increments, the sample of recent posts, and the deletions from it."""
    increments = _keep(contributions, "hashtag_minute", "hashtag_pair_hour", "author_day")
    deletions = _keep(contributions, "deletion").select(["key_a", "key_b"]).rename_columns(["source", "post_id"])
    return [
        Load("post_increments", increments.select(["fact", "at", "key_a", "key_b", "n", "m", "k"])),
        Load("recent_post_rows", _mask(_keep_rows(contributions, "recent_post"))),
        Load("post_deletion_rows", deletions),
    ]


def load_deletions(rows: DataFrame) -> Load:
    """Rows of silver.post_deletions -> posts to delete from the sample of recent posts."""
    return Load("post_deletion_rows", rows.select("source", "post_id").toArrow())


def load_readings(contributions: pa.Table) -> list[Load]:
    """Contributions of readings -> increments per machine, sensor and minute."""
    names = {"key_a": "machine_id", "at": "minute", "key_b": "sensor", "n": "readings"}
    moments = ["total", "total_squares", "lowest", "highest"]
    selected = _keep(contributions, "machine_minute").select([*names, *moments])
    return [Load("reading_increments", selected.rename_columns([*names.values(), *moments]))]


def load_machine_events(contributions: pa.Table) -> list[Load]:
    """Contributions of machine events -> the events."""
    return [Load("machine_event_rows", _keep_rows(contributions, "machine_event"))]


def _mask(posts: pa.Table) -> pa.Table:
    """`text` and `counted_hashtags` -> `masked_text`, as people may read it, and `hashtags`, as PostgreSQL reads it."""
    masked = [mask_handles(text)[:MASKED_LENGTH] for text in posts["text"].to_pylist()]
    hashtags = [_array_literal(tags) for tags in posts["counted_hashtags"].to_pylist()]
    rest = posts.drop_columns(["text", "counted_hashtags"])
    with_text = rest.append_column("masked_text", pa.array(masked, pa.string()))
    return with_text.append_column("hashtags", pa.array(hashtags, pa.string()))


def _array_literal(items: list[str]) -> str:
    """The text of a PostgreSQL array, every element quoted."""
    quoted = (item.replace("\\", "\\\\").replace('"', '\\"') for item in items)
    return "{" + ",".join(f'"{item}"' for item in quoted) + "}"


def _keep_rows(contributions: pa.Table, fact: str) -> pa.Table:
    rows = _keep(contributions, fact)["row"]
    return pa.Table.from_arrays(rows.flatten(), names=[field.name for field in rows.type])


def _keep(contributions: pa.Table, *names: str) -> pa.Table:
    return contributions.filter(pc.is_in(contributions["fact"], pa.array(names)))
