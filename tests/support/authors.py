"""Gold of authors whose segment is known: three kinds over two weeks."""

import math
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

import pyarrow as pa
from pyspark.sql.pandas.types import to_arrow_schema

from streaming.queries.gold import combine_columns
from warehouse.lake.arrow_io import ArrowTable
from warehouse.lake.commit_metadata import CommitMetadata
from warehouse.lake.table_creation import create_table
from warehouse.lake.tables import AUTHOR_DAYS, AUTHOR_HASHTAG_DAYS, AUTHOR_HOURS
from warehouse.settings import LakeSettings

FIRST_DAY, DAYS = date(2026, 3, 1), 14
TABLES = (AUTHOR_DAYS, AUTHOR_HOURS, AUTHOR_HASHTAG_DAYS)


@dataclass(frozen=True)
class Kind:
    """How one kind of author posts: posts a day, UTC hour, hashtags a post, shares of replies and mentions."""

    posts: float
    hour: int
    hashtags: int
    replies: float
    mentions: float


KINDS = (Kind(1.0, 22, 0, 0.7, 0.2), Kind(4.0, 15, 2, 0.2, 0.5), Kind(12.0, 3, 6, 0.0, 0.1))


def pseudonym(author: object) -> str:
    """Of an author's number or id."""
    return sha256(str(author).encode()).hexdigest()


def kind_of(number: int) -> int:
    """The planted segment of an author, 0..2."""
    return number % len(KINDS)


def write_gold(lake: LakeSettings, authors: int, seed: int, *, kinds: tuple[Kind, ...] = KINDS) -> None:
    """Fills the three gold tables that features are made from; a second call adds to what is there."""
    chance = random.Random(seed)  # noqa: S311 - repeatable
    rows: dict[str, list[dict[str, Any]]] = {table.name: [] for table in TABLES}
    for number in range(authors):
        for name, made in _draw_author(chance, pseudonym(number), kinds[number % len(kinds)]).items():
            rows[name] += made
    for table in TABLES:
        create_table(lake, table)
        schema = to_arrow_schema(table.schema, timezone="UTC")
        metadata = CommitMetadata("gold_posts", 1, silver_version=seed)
        increments = pa.Table.from_pylist(rows[table.name], schema)
        ArrowTable(table, lake.path / table.name).merge(increments, table.key, combine_columns(table), metadata)


def _draw_author(chance: random.Random, who: str, kind: Kind) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {table.name: [] for table in TABLES}
    for day in (FIRST_DAY + timedelta(days=n) for n in range(DAYS)):
        posts = _draw_poisson(chance, kind.posts)
        if posts:
            replies, mentions = (sum(chance.random() < p for _ in range(posts)) for p in (kind.replies, kind.mentions))
            sums = {"posts": posts, "replies": replies, "mentions": mentions}
            rows[AUTHOR_DAYS.name].append({"day": day, "author_pseudonym": who, **sums})
            rows[AUTHOR_HOURS.name] += _split_hours(chance, who, day, posts, kind)
            tags = {f"t{chance.randrange(20)}" for _ in range(kind.hashtags)} if kind.hashtags else set()
            rows[AUTHOR_HASHTAG_DAYS.name] += [
                {"day": day, "author_pseudonym": who, "hashtag": tag, "posts": posts} for tag in sorted(tags)
            ]
    return rows


def _split_hours(chance: random.Random, who: str, day: date, posts: int, kind: Kind) -> Iterable[dict[str, Any]]:
    hours = [min(23, max(0, round(chance.gauss(kind.hour, 1.5)))) for _ in range(posts)]
    for hour in sorted(set(hours)):
        n = hours.count(hour)
        at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
        yield {"hour": at, "author_pseudonym": who, "posts": n, "hashtags": n * kind.hashtags}


def _draw_poisson(chance: random.Random, mean: float) -> int:
    limit, product, number = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        number += 1
    return number
