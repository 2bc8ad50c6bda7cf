"""Grouping of Arrow columns: what `one_pass_arrow` and `gold_arrow` have in common."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

TIMESTAMP = pa.timestamp("us", tz="UTC")
WITHOUT_ZONE = pa.timestamp("us")  # with a zone Arrow looks up its rules: slower, and the same in UTC
Sums = list[tuple[Any, str]]
"""(column, function) as Arrow's group_by takes them; each becomes a column `<column>_<function>`."""
COUNT: Sums = [([], "count_all")]


def floor_time(times: pa.ChunkedArray, unit: str) -> pa.ChunkedArray:
    """Instants -> the begin of their minute, hour or day in UTC."""
    return pc.floor_temporal(times.cast(TIMESTAMP).cast(WITHOUT_ZONE), unit=unit).cast(TIMESTAMP)


def group(columns: dict[str, pa.ChunkedArray | pa.Array], keys: list[str], sums: Sums) -> pa.Table:
    """One row per distinct `keys`: the keys, `count_all`, and the sums."""
    return pa.table(columns).group_by(keys, use_threads=False).aggregate(COUNT + sums)


def count(keys: dict[str, pa.ChunkedArray | pa.Array], name: str) -> pa.Table:
    """One row per distinct combination of the columns, with their number as `name`."""
    return group(keys, list(keys), []).select([*keys, "count_all"]).rename_columns([*keys, name])


def measure(keys: dict[str, pa.ChunkedArray | pa.Array], values: pa.ChunkedArray) -> pa.Table:
    """Per combination of the keys: count_all, total, total_squares, lowest, highest of decimal(18,4) values.

    Fixed point, so exact in any order; as `gold_aggregates.moments`.
    """
    columns = {**keys, "value": values, "square": pc.multiply(values, values)}
    sums = group(columns, list(keys), [("value", "sum"), ("square", "sum"), ("value", "min"), ("value", "max")])
    moments = {
        "total": sums["value_sum"].cast(pa.decimal128(38, 4)),
        "total_squares": sums["square_sum"].cast(pa.decimal128(38, 8)),
        "lowest": sums["value_min"],
        "highest": sums["value_max"],
    }
    return pa.table({**{name: sums[name] for name in [*keys, "count_all"]}, **moments})


def repeat(text: str, times: int) -> pa.Array:
    """A column of one text."""
    return pa.repeat(pa.scalar(text, pa.string()), times)
