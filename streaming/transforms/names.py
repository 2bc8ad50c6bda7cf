"""Names in a post: folded hashtags and pseudonyms. The only Python that touches rows of the stream.

Spark has no NFKC, no full case folding and no keyed hash; and the key must not appear in a plan. So one Arrow
function does all three in a single hop, reading the key from its file inside the worker.
"""

import functools
import hashlib
import hmac
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow as pa
from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.pandas.functions import ArrowUDFType

NAMES = "struct<author_pseudonym string, hashtags array<string>, mention_pseudonyms array<string>>"


def make_names(key_file: str) -> Callable[[Column, Column, Column], Column]:
    """A column function (author_id, raw_hashtags, raw_mentions) -> struct of `NAMES`."""

    def names(authors: pa.Array, hashtags: pa.Array, mentions: pa.Array) -> pa.Array:
        pseudonym, strings = _make_pseudonym(key_file), pa.list_(pa.string())
        arrays = [  # column by column: a dictionary per row costs three times as much
            pa.array([None if author is None else pseudonym(author) for author in authors.to_pylist()], pa.string()),
            pa.array([fold_hashtags(tags or ()) for tags in hashtags.to_pylist()], strings),
            pa.array([_pseudonymise(handles or (), pseudonym) for handles in mentions.to_pylist()], strings),
        ]
        return pa.StructArray.from_arrays(arrays, names=["author_pseudonym", "hashtags", "mention_pseudonyms"])

    column_function = F.arrow_udf(names, NAMES, ArrowUDFType.SCALAR)
    return lambda *columns: column_function(*columns)


def fold_hashtags(tags: Iterable[str | None]) -> list[str]:
    """Distinct folded tags in order of appearance: one leading # off, NFKC, case fold, NFKC; empty ones dropped."""
    folded = (fold_hashtag(tag) for tag in tags if tag is not None)
    return list(dict.fromkeys(tag for tag in folded if tag))


@functools.lru_cache(maxsize=65_536)  # tags repeat: a Zipf stream hits well above nine times in ten
def fold_hashtag(tag: str) -> str:
    """One tag in the form under which it is counted."""
    bare = tag.strip().removeprefix("#")
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", bare).casefold())


def _pseudonymise(handles: Iterable[str | None], pseudonym: Callable[[str], str]) -> list[str]:
    bare = (handle.strip().removeprefix("@") for handle in handles if handle is not None)
    return [pseudonym(handle) for handle in dict.fromkeys(bare) if handle]


@functools.lru_cache(maxsize=4)
def _make_pseudonym(key_file: str) -> Callable[[str], str]:
    key = bytes.fromhex(Path(key_file).read_text().strip())

    @functools.lru_cache(maxsize=65_536)
    def pseudonym(name: str) -> str:
        return hmac.new(key, name.encode(), hashlib.sha256).hexdigest()

    return pseudonym
