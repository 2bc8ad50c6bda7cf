"""Names in a post: folded hashtags and pseudonyms. The only Python that touches rows of the stream.

Spark has no NFKC, no full case folding and no keyed hash, and its letters are as old as its JVM; and the key must not
appear in a plan. So one Arrow function does it all in a single hop, reading the key from its file inside the worker.
"""

import functools
import hashlib
import hmac
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow as pa
import regex
from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.pandas.functions import ArrowUDFType

from streaming.transforms.quality_rules import WORD

HASHTAG, MENTION = (regex.compile(rf"(?<!{WORD}){sign}({WORD}+)") for sign in "#@")
"""Here and not in the JVM, whose letters are those of Unicode 13: a newer letter would end a tag there."""
NAMES = "struct<author_pseudonym string, hashtags array<string>, mention_pseudonyms array<string>>"


def make_names(key_file: str) -> Callable[..., Column]:
    """A column function (author_id, hashtags, mentions, text) -> struct of `NAMES`.

    The lists count where they were sent, else what stands in the text.
    """

    def names(authors: pa.Array, hashtags: pa.Array, mentions: pa.Array, texts: pa.Array) -> pa.Array:
        pseudonym, strings = _make_pseudonym(key_file), pa.list_(pa.string())
        written = texts.to_pylist()
        tags = zip(hashtags.to_pylist(), written, strict=True)
        handles = zip(mentions.to_pylist(), written, strict=True)
        arrays = [  # column by column: a dictionary per row costs three times as much
            pa.array([None if author is None else pseudonym(author) for author in authors.to_pylist()], pa.string()),
            pa.array([fold_hashtags(_choose(sent, text, HASHTAG)) for sent, text in tags], strings),
            pa.array([_pseudonymise(_choose(sent, text, MENTION), pseudonym) for sent, text in handles], strings),
        ]
        return pa.StructArray.from_arrays(arrays, names=["author_pseudonym", "hashtags", "mention_pseudonyms"])

    column_function = F.arrow_udf(names, NAMES, ArrowUDFType.SCALAR)
    return lambda *columns: column_function(*columns)


def _choose(sent: list[str | None] | None, text: str | None, sign: regex.Pattern[str]) -> list[str | None]:
    """What was sent, else what the text holds."""
    if sent is not None:
        return sent
    return sign.findall(text) if text else []


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
