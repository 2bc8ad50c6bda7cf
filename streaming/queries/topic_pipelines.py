"""What distinguishes one topic's query from another: its parse, its silver table, its facts and loads."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from streaming.sinks.postgres import Load
from streaming.transforms.increments import make_event_facts, make_post_facts, make_reading_facts
from streaming.transforms.machine_events import parse_machine_events, stage_machine_events
from streaming.transforms.one_pass import Facts
from streaming.transforms.parsing import valid_key
from streaming.transforms.posts import parse_posts, stage_posts
from streaming.transforms.pseudonyms import make_names
from streaming.transforms.quality_rules import QualityRules
from streaming.transforms.readings import parse_readings, stage_readings
from warehouse.lake.tables import MACHINE_EVENTS, POSTS, QUARANTINE, READINGS, Table


@dataclass(frozen=True)
class TopicPipeline:
    """One topic and what becomes of it. Name of query and topic are the same word.

    `loads` turns facts that were added up into tables for the upsert of the same name. `facts` hold columns that are
    built once: each costs several calls into the JVM, and a batch would pay for a hundred of them.
    `identity` are the silver columns of the deduplication key, `kind` its first part.
    """

    name: str
    table: Table
    kind: str
    identity: tuple[str, ...]
    parse: Callable[[DataFrame, QualityRules], DataFrame]
    stage: Callable[[DataFrame, int], DataFrame]
    facts: Facts
    loads: Callable[[pa.Table], list[Load]]

    @property
    def quarantine(self) -> Table:
        """Where its unusable records land."""
        return QUARANTINE[self.name]

    def key_of(self, kind: str) -> Column:
        """The deduplication key of a row that is already in a table of this topic."""
        return valid_key(F.lit(kind), [F.col(name) for name in self.identity])


def build_topic_pipelines(key_file: str) -> dict[str, TopicPipeline]:
    """The three topics. `key_file` holds the pseudonyms' key; only workers read it."""
    pipelines = (_build_posts(key_file), _build_readings(), _build_machine_events())
    return {pipeline.name: pipeline for pipeline in pipelines}


def _build_posts(key_file: str) -> TopicPipeline:
    names = make_names(key_file)
    return TopicPipeline(
        name="posts",
        table=POSTS,
        kind="post",
        identity=("source", "post_id"),
        parse=parse_posts,
        stage=lambda events, late_seconds: stage_posts(events, names, late_seconds),
        facts=make_post_facts(),
        loads=load_posts,
    )


def _build_readings() -> TopicPipeline:
    return TopicPipeline(
        name="readings",
        table=READINGS,
        kind="reading",
        identity=("reading_id",),
        parse=parse_readings,
        stage=stage_readings,
        facts=make_reading_facts(),
        loads=load_readings,
    )


def _build_machine_events() -> TopicPipeline:
    return TopicPipeline(
        name="machine_events",
        table=MACHINE_EVENTS,
        kind="machine_event",
        identity=("event_id",),
        parse=parse_machine_events,
        stage=stage_machine_events,
        facts=make_event_facts(),
        loads=partial(_load_rows, fact="machine_event", temp_table="machine_event_rows"),
    )


def load_posts(facts: pa.Table) -> list[Load]:
    """Facts of posts -> increments, the sample for eyes, and what leaves it."""
    increments = _keep(facts, "hashtag_minute", "hashtag_pair_hour", "author_day")
    deletions = _keep(facts, "deletion").select(["key_a", "key_b"]).rename_columns(["source", "post_id"])
    return [
        Load("post_increments", increments.select(["fact", "at", "key_a", "key_b", "n", "m", "k"])),
        *_load_rows(facts, fact="recent_post", temp_table="recent_post_rows"),
        Load("post_deletion_rows", deletions),
    ]


def load_readings(facts: pa.Table) -> list[Load]:
    """Facts of readings -> increments per machine, sensor and minute."""
    names = {"key_a": "machine_id", "at": "minute", "key_b": "sensor", "n": "readings"}
    moments = ["total", "total_squares", "lowest", "highest"]
    chosen = _keep(facts, "machine_minute").select([*names, *moments])
    return [Load("reading_increments", chosen.rename_columns([*names.values(), *moments]))]


def _load_rows(facts: pa.Table, fact: str, temp_table: str) -> list[Load]:
    rows = _keep(facts, fact)["row"]
    return [Load(temp_table, pa.Table.from_arrays(rows.flatten(), names=[field.name for field in rows.type]))]


def _keep(facts: pa.Table, *names: str) -> pa.Table:
    return facts.filter(pc.is_in(facts["fact"], pa.array(names)))
