"""Gold of the generator's posts, without Kafka and Spark: its events are judged and aggregated as in the product."""

import time
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from pyspark.sql.pandas.types import to_arrow_schema

from jobs.settings import CONF, load_quality, load_settings
from jobs.wiring import build_rules
from streaming.producers.synthetic.authors import make_population
from streaming.producers.synthetic.config import read_generator_config
from streaming.producers.synthetic.planning import Request, plan_sources
from streaming.producers.synthetic.sources import make_source
from streaming.queries.gold import GOLD
from streaming.records import posts
from streaming.records.judge import make_judge
from tests.support.authors import TABLES, pseudonym
from warehouse.lake.arrow_io import ArrowTable
from warehouse.lake.commit_metadata import CommitMetadata
from warehouse.lake.schemas.silver import POSTS
from warehouse.lake.table_creation import create_table
from warehouse.settings import LakeSettings

COLUMNS = ("author_pseudonym", "created_at", "lang", "counted_hashtags", "mention_pseudonyms", "in_reply_to")


def write_gold_of_history(lake: LakeSettings, seed: int, days: float, posts_per_second: float | None = None) -> None:
    """The gold tables that features are made from, for `generate posts --history DAYS` with that seed."""
    rows = list(_draw_posts(seed, days, posts_per_second))
    schema = to_arrow_schema(POSTS, timezone="UTC")
    table = pa.Table.from_pylist(rows, pa.schema([schema.field(name) for name in COLUMNS]))
    for aggregate in GOLD[0].aggregates:
        if aggregate.table in TABLES:
            create_table(lake, aggregate.table)
            arrow = ArrowTable(aggregate.table, lake.path / aggregate.table.name)
            arrow.append(aggregate.count_in_arrow(table), CommitMetadata("gold_posts", 1, silver_version=seed))


def read_planted_segments(seed: int) -> dict[str, str]:
    """Pseudonym (as in `write_gold_of_history`) -> name of the author's segment."""
    authors = make_population(seed, read_generator_config(CONF).parameters["posts"]).authors
    return {pseudonym(author.id): author.segment.name for author in authors}


def _draw_posts(seed: int, days: float, posts_per_second: float | None) -> Iterator[dict[str, Any]]:
    config, now_ms = read_generator_config(CONF), int(time.time() * 1000)
    generator = load_settings("test").generator.model_copy(update={"seed": seed, "post_producers": 1})
    request = Request(what="posts", history_days=days, rate=posts_per_second)
    judge = make_judge(posts.POSTS, build_rules(load_quality()), pseudonym)
    for (plan,) in plan_sources(request, generator, config, now_ms):
        source = make_source(plan, config, 0)
        for event in (event for index in range(plan.count or 0) for event in source.events(index)):
            usable = judge(event.value, now_ms * 1_000).usable
            if usable and usable.outcome == "silver":
                yield {name: usable.values[name] for name in COLUMNS}
