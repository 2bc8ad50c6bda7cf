"""The aggregation of `one_pass` for a small batch that the driver holds as one Arrow table: no second Spark job.

`add_up_in_arrow` returns the rows that `one_pass.add_up` returns, in any order. A test gives the same batches to both
definitions (`tests/integration/test_one_pass_arrow.py`).
"""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations

import pyarrow as pa
import pyarrow.compute as pc

from streaming.transforms.arrow_groups import TIMESTAMP, count, floor_time, group, measure, repeat
from streaming.transforms.increments import MACHINE_EVENT, PAIRED_TAGS, RECENT_POST, SAMPLE_BELOW
from streaming.transforms.one_pass import DRIFT, OUTCOME, PARTITION_STEP, WARNED
from warehouse.lake.schemas import quarantine, silver

COLUMNS = {
    "fact": pa.string(),
    "key_a": pa.string(),
    "key_b": pa.string(),
    "n": pa.int64(),
    "m": pa.int64(),
    "newest_event_at": TIMESTAMP,
    "partition_offset": pa.int64(),
}
Increments = Callable[[pa.Table], Iterator[pa.Table]]
"""Staged silver rows -> parts of the result, each with `fact` and any other columns."""


def add_up_in_arrow(staged: pa.Table, increments: Increments, further: dict[str, pa.DataType]) -> pa.Table:
    """Staged rows -> one row per contribution and its keys: `COLUMNS`, `further` ones, `row` where there are any."""
    parts = [_outcomes(staged), _warnings(staged), _unknown_fields(staged), *increments(staged)]
    rows = [part.schema.field("row") for part in parts if "row" in part.column_names]
    schema = pa.schema([*pa.schema({**COLUMNS, **further}), *rows])
    return pa.concat_tables([_complete(part, schema) for part in parts])


def post_increments(staged: pa.Table) -> Iterator[pa.Table]:
    """As `increments.make_post_aggregation`."""
    deletions = _where(staged, "outcome", "deletion")
    yield _count("deletion", {"key_a": deletions["source"], "key_b": deletions["post_id"]})
    posts = _where(staged, "outcome", "silver")
    tags = _list(posts, "counted_hashtags")
    parents = pc.list_parent_indices(tags)
    minutes, langs = pc.take(floor_time(posts["created_at"], "minute"), parents), pc.take(posts["lang"], parents)
    yield _count("hashtag_minute", {"at": minutes, "key_a": pc.list_flatten(tags), "key_b": langs})
    yield _pairs(posts)
    yield _author_days(posts)
    is_sampled = pc.less(pc.binary_slice(posts["dedup_key"], 0, 1), pa.scalar(SAMPLE_BELOW, pa.binary()))
    yield _rows("recent_post", posts.filter(is_sampled), RECENT_POST)


def reading_increments(staged: pa.Table) -> Iterator[pa.Table]:
    """As `increments.make_reading_aggregation`."""
    readings = _where(staged, "outcome", "silver")
    keys = {"at": floor_time(readings["measured_at"], "minute"), "key_a": readings["machine_id"]}
    for sensor in silver.SENSORS:
        sums = measure(keys, readings[sensor])
        named = sums.rename_columns(["at", "key_a", "n", *sums.column_names[3:]])
        yield _named("machine_minute", named.append_column("key_b", repeat(sensor, len(named))))


def machine_event_increments(staged: pa.Table) -> Iterator[pa.Table]:
    """As `increments.make_machine_event_aggregation`."""
    yield _rows("machine_event", _where(staged, "outcome", "silver"), MACHINE_EVENT)


def select_silver_rows(staged: pa.Table, names: list[str]) -> pa.Table:
    """Staged rows -> rows of a silver table."""
    return _where(staged, "outcome", "silver").select(names)


def select_rejected_rows(staged: pa.Table) -> pa.Table:
    """Staged rows -> rows of schemas.quarantine.REJECTED, with their original bytes."""
    rejected = staged.filter(pc.is_valid(staged["rule"]))
    never = pa.nulls(len(rejected), TIMESTAMP)
    rows = rejected.append_column("first_seen_at", rejected["ingested_at"])
    return rows.append_column("replayed_at", never).append_column("purged_at", never).select(quarantine.REJECTED.names)


def select_deletion_rows(staged: pa.Table) -> pa.Table:
    """Staged deletions -> rows of schemas.silver.POST_DELETIONS."""
    deletions = _where(staged, "outcome", "deletion")
    return deletions.append_column("deleted_at", deletions["event_at"]).select(silver.POST_DELETIONS.names)


def _outcomes(staged: pa.Table) -> pa.Table:
    is_reliable = pc.and_(pc.equal(staged["outcome"], "silver"), pc.is_null(staged["warned"]))
    columns = {
        "key_a": staged["outcome"],
        "m": staged["is_late"].cast(pa.int64()),
        "newest_event_at": pc.if_else(is_reliable, staged["event_at"], pa.scalar(None, staged["event_at"].type)),
    }
    sums = group(columns, ["key_a"], [("m", "sum"), ("newest_event_at", "max")])
    return _named(OUTCOME, sums.rename_columns(["key_a", "n", "m", "newest_event_at"]))


def _warnings(staged: pa.Table) -> pa.Table:
    return _count(WARNED, {"key_a": pc.drop_null(staged["warned"])})


def _unknown_fields(staged: pa.Table) -> pa.Table:
    """One row per field, with the first record that has it."""
    names = _list(staged, "unknown_fields")
    places = pc.add(pc.multiply(staged["partition"].cast(pa.int64()), PARTITION_STEP), staged["offset"])
    columns = {"key_a": pc.list_flatten(names), "place": pc.take(places, pc.list_parent_indices(names))}
    firsts = group(columns, ["key_a"], [("place", "min")])
    return _named(DRIFT, firsts.rename_columns(["key_a", "n", "partition_offset"]))


def _pairs(posts: pa.Table) -> pa.Table:
    """Pairs of a post's first `PAIRED_TAGS` counted tags, low < high by code point, counted by hour."""
    several = posts.filter(pc.greater(pc.list_value_length(posts["counted_hashtags"]), 1))
    hours = floor_time(several["created_at"], "hour").to_pylist()
    counts: Counter[tuple[object, str, str]] = Counter()
    for hour, tags in zip(hours, several["counted_hashtags"].to_pylist(), strict=True):
        counts.update((hour, low, high) for low, high in combinations(sorted(tags[:PAIRED_TAGS]), 2))
    at, low, high = map(list, zip(*counts, strict=True)) if counts else ([], [], [])
    columns = {"at": pa.array(at, TIMESTAMP), "key_a": pa.array(low, pa.string()), "key_b": pa.array(high, pa.string())}
    return _named("hashtag_pair_hour", pa.table({**columns, "n": pa.array(counts.values(), pa.int64())}))


def _author_days(posts: pa.Table) -> pa.Table:
    columns = {
        "at": floor_time(posts["created_at"], "day"),
        "key_a": posts["author_pseudonym"],
        "m": pc.is_valid(posts["in_reply_to"]).cast(pa.int64()),
        "k": pc.list_value_length(posts["mention_pseudonyms"]).cast(pa.int64()),
    }
    sums = group(columns, ["at", "key_a"], [("m", "sum"), ("k", "sum")])
    return _named("author_day", sums.rename_columns(["at", "key_a", "n", "m", "k"]))


def _rows(fact: str, silver_rows: pa.Table, names: tuple[str, ...]) -> pa.Table:
    """The rows that are stored, each once. Every field is nullable: a null struct has only nulls inside."""
    fields = [pa.field(name, silver_rows.schema.field(name).type) for name in names]
    stored = pa.StructArray.from_arrays([silver_rows[name].combine_chunks() for name in names], fields=fields)
    return _named(fact, pa.table({"row": stored, "n": pa.array([1] * len(stored), pa.int64())}))


def _count(fact: str, keys: dict[str, pa.ChunkedArray | pa.Array]) -> pa.Table:
    return _named(fact, count(keys, "n"))


def _named(fact: str, part: pa.Table) -> pa.Table:
    return part.append_column("fact", repeat(fact, len(part)))


def _complete(part: pa.Table, schema: pa.Schema) -> pa.Table:
    """All columns of the schema, null where the part has none."""
    absent = (field for field in schema if field.name not in part.column_names)
    for field in absent:
        part = part.append_column(field, pa.nulls(len(part), field.type))
    return part.select(schema.names).cast(schema)


def _where(table: pa.Table, column: str, value: str) -> pa.Table:
    return table.filter(pc.equal(table[column], value))


def _list(table: pa.Table, column: str) -> pa.Array:
    """A column of lists as one array, which `list_parent_indices` needs."""
    return table[column].combine_chunks()
