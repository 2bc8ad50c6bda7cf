"""The aggregates of `gold_aggregates` for rows that the driver holds as an Arrow table: no Spark job.

A test gives the same rows to both definitions (`tests/integration/test_gold_arrow.py`).
"""

import pyarrow as pa
import pyarrow.compute as pc

from streaming.transforms.arrow_groups import WITHOUT_ZONE, count, floor_time, group, measure, repeat
from warehouse.lake.schemas import silver


def count_by_hashtag_minute(posts: pa.Table) -> pa.Table:
    """Silver posts -> (minute, hashtag, lang, posts)."""
    tags = posts["counted_hashtags"].combine_chunks()
    parents = pc.list_parent_indices(tags)
    minutes, langs = pc.take(floor_time(posts["created_at"], "minute"), parents), pc.take(posts["lang"], parents)
    return count({"minute": minutes, "hashtag": pc.list_flatten(tags), "lang": langs}, "posts")


def count_by_author_day(posts: pa.Table) -> pa.Table:
    """Silver posts -> (day, author_pseudonym, posts, replies, mentions)."""
    columns = {
        "day": _day(posts["created_at"]),
        "author_pseudonym": posts["author_pseudonym"],
        "replies": pc.is_valid(posts["in_reply_to"]).cast(pa.int64()),
        "mentions": pc.list_value_length(posts["mention_pseudonyms"]).cast(pa.int64()),
    }
    sums = group(columns, ["day", "author_pseudonym"], [("replies", "sum"), ("mentions", "sum")])
    return sums.rename_columns(["day", "author_pseudonym", "posts", "replies", "mentions"])


def count_by_mention_edge(posts: pa.Table) -> pa.Table:
    """Silver posts -> (day, author_pseudonym, mention_pseudonym, mentions)."""
    return _count_by_author_day_and(posts, "mention_pseudonyms", "mention_pseudonym", "mentions")


def count_by_author_hour(posts: pa.Table) -> pa.Table:
    """Silver posts -> (hour, author_pseudonym, posts, hashtags)."""
    columns = {
        "hour": floor_time(posts["created_at"], "hour"),
        "author_pseudonym": posts["author_pseudonym"],
        "hashtags": pc.list_value_length(posts["counted_hashtags"]).cast(pa.int64()),
    }
    sums = group(columns, ["hour", "author_pseudonym"], [("hashtags", "sum")])
    return sums.rename_columns(["hour", "author_pseudonym", "posts", "hashtags"])


def count_by_author_hashtag_day(posts: pa.Table) -> pa.Table:
    """Silver posts -> (day, author_pseudonym, hashtag, posts)."""
    return _count_by_author_day_and(posts, "counted_hashtags", "hashtag", "posts")


def measure_by_machine_minute(readings: pa.Table) -> pa.Table:
    """Silver readings -> (minute, machine_id, sensor, readings, total, total_squares, lowest, highest)."""
    keys = {"minute": floor_time(readings["measured_at"], "minute"), "machine_id": readings["machine_id"]}
    parts = []
    for sensor in silver.SENSORS:
        sums = measure(keys, readings[sensor])
        named = sums.rename_columns(["minute", "machine_id", "readings", *sums.column_names[3:]])
        parts.append(named.append_column("sensor", repeat(sensor, len(named))))
    return pa.concat_tables(parts)


def _count_by_author_day_and(posts: pa.Table, lists: str, element: str, counted: str) -> pa.Table:
    """Rows per author, day and element of a column of lists."""
    elements = posts[lists].combine_chunks()
    parents = pc.list_parent_indices(elements)
    keys = {
        "day": pc.take(_day(posts["created_at"]), parents),
        "author_pseudonym": pc.take(posts["author_pseudonym"], parents),
        element: pc.list_flatten(elements),
    }
    return count(keys, counted)


def _day(times: pa.ChunkedArray) -> pa.ChunkedArray:
    return floor_time(times, "day").cast(WITHOUT_ZONE).cast(pa.date32())
