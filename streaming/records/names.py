"""Hashtags and handles: where they are in a text, which of them are the same, and pseudonyms in place of handles.

Matched in Python and not in the JVM, which knows the letters of Unicode 13 (there a newer letter would end a tag), has
no NFKC and no full case folding.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

import regex

_WORD = r"[\p{L}\p{M}\p{N}_]"  # a character of a hashtag or a handle
_HASHTAG, _MENTION = (regex.compile(rf"(?<!{_WORD}){sign}({_WORD}+)") for sign in "#@")
MAX_TAGS, MAX_TAG_LENGTH = 30, 100
MASK = "@…"


def read_hashtags(sent: list[str] | None, text: str) -> list[str]:
    """Distinct folded tags, in order: of the list that was sent, else (None) of the text."""
    if sent is None:
        sent = _HASHTAG.findall(text) if "#" in text else []
    return fold_hashtags(sent)


def read_mentions(sent: list[str] | None, text: str) -> list[str]:
    """Distinct handles without their sign, in order: of the list that was sent, else (None) of the text."""
    if sent is None:
        return list(dict.fromkeys(_MENTION.findall(text))) if "@" in text else []
    bare = (handle.strip().removeprefix("@") for handle in sent)
    return [handle for handle in dict.fromkeys(bare) if handle]


def keep_counted(tags: list[str]) -> list[str]:
    """The tags that are counted; the others stay in silver."""
    return [tag for tag in tags if len(tag) <= MAX_TAG_LENGTH][:MAX_TAGS]


def mask_handles(text: str) -> str:
    """The text as people may read it."""
    return _MENTION.sub(MASK, text) if "@" in text else text


def fold_hashtags(tags: Iterable[str]) -> list[str]:
    """Distinct folded tags in order of appearance, without empty ones."""
    return [tag for tag in dict.fromkeys(map(fold_hashtag, tags)) if tag]


def fold_hashtag(tag: str) -> str:
    """One tag in the form under which it is counted: one leading # removed, then NFKC, case folding and NFKC again."""
    return _fold_cached(tag) if len(tag) <= MAX_TAG_LENGTH else _fold(tag)


def _fold(tag: str) -> str:
    bare = tag.strip().removeprefix("#")
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", bare).casefold())


_fold_cached = lru_cache(maxsize=65_536)(_fold)
"""Tags repeat: with a Zipf distribution well over 90 % of calls hit the cache. The longest are not cached."""


@lru_cache(maxsize=4)
def load_pseudonyms(key_file: str) -> Callable[[str], str]:
    """A function name -> HMAC-SHA-256 with the key of the file (hex), as 64 hex digits."""
    key = bytes.fromhex(Path(key_file).read_text().strip())

    def hash_name(name: str) -> str:
        return hmac.new(key, name.encode(), hashlib.sha256).hexdigest()

    cached = lru_cache(maxsize=65_536)(hash_name)
    return lambda name: cached(name) if len(name) <= MAX_TAG_LENGTH else hash_name(name)
