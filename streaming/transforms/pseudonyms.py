"""Pseudonyms of authors and mentioned users, and folded hashtags. The only Python code that handles rows of the stream.

Spark has no NFKC, no full case folding and no keyed hash, it knows only the letters of its JVM's Unicode version, and
the key must not appear in a plan. So a single Arrow UDF does everything in one transfer to the Python worker and back;
the worker reads the key from its file.
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
"""Matched in Python and not in the JVM, which knows the letters of Unicode 13: there a newer letter would end a tag."""
PSEUDONYMIZED = "struct<author_pseudonym string, hashtags array<string>, mention_pseudonyms array<string>>"


def make_pseudonymizer(key_file: str) -> Callable[..., Column]:
    """A column function (author_id, hashtags, mentions, text) -> struct `PSEUDONYMIZED`.

    `key_file` holds the HMAC key in hex. A list that is null is taken from the text: words after # or @.
    """

    def pseudonymize(authors: pa.Array, hashtags: pa.Array, mentions: pa.Array, texts: pa.Array) -> pa.Array:
        pseudonym_of, strings = _make_pseudonym_of(key_file), pa.list_(pa.string())
        sent_texts = texts.to_pylist()
        tags = zip(hashtags.to_pylist(), sent_texts, strict=True)
        handles = zip(mentions.to_pylist(), sent_texts, strict=True)
        arrays = [  # one array per field: a dictionary per row costs three times as much
            pa.array([None if author is None else pseudonym_of(author) for author in authors.to_pylist()], pa.string()),
            pa.array([fold_hashtags(_choose(sent, text, HASHTAG)) for sent, text in tags], strings),
            pa.array(
                [_pseudonymize_all(_choose(sent, text, MENTION), pseudonym_of) for sent, text in handles], strings
            ),
        ]
        return pa.StructArray.from_arrays(arrays, names=["author_pseudonym", "hashtags", "mention_pseudonyms"])

    column_function = F.arrow_udf(pseudonymize, PSEUDONYMIZED, ArrowUDFType.SCALAR)
    return lambda *columns: column_function(*columns)


def _choose(sent: list[str | None] | None, text: str | None, sign: regex.Pattern[str]) -> list[str | None]:
    """The list that was sent, else the words after `sign` in the text."""
    if sent is not None:
        return sent
    return sign.findall(text) if text else []


def fold_hashtags(tags: Iterable[str | None]) -> list[str]:
    """Distinct folded tags in order of appearance, without empty ones."""
    folded = (fold_hashtag(tag) for tag in tags if tag is not None)
    return list(dict.fromkeys(tag for tag in folded if tag))


@functools.lru_cache(maxsize=65_536)  # tags repeat: with a Zipf distribution well over 90 % of calls hit the cache
def fold_hashtag(tag: str) -> str:
    """One tag in the form under which it is counted: one leading # removed, then NFKC, case folding and NFKC again."""
    bare = tag.strip().removeprefix("#")
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", bare).casefold())


def _pseudonymize_all(handles: Iterable[str | None], pseudonym_of: Callable[[str], str]) -> list[str]:
    """Pseudonyms of the distinct handles in order of appearance, without empty ones; one leading @ is removed."""
    bare = (handle.strip().removeprefix("@") for handle in handles if handle is not None)
    return [pseudonym_of(handle) for handle in dict.fromkeys(bare) if handle]


@functools.lru_cache(maxsize=4)
def _make_pseudonym_of(key_file: str) -> Callable[[str], str]:
    """HMAC-SHA-256 with the key of the file, as 64 hex digits."""
    key = bytes.fromhex(Path(key_file).read_text().strip())

    @functools.lru_cache(maxsize=65_536)
    def pseudonym_of(name: str) -> str:
        return hmac.new(key, name.encode(), hashlib.sha256).hexdigest()

    return pseudonym_of
