"""The hashtags that the stream must count for a post: finding, folding and the limits, written independently of it.

`verify` compares what the stream counted with the tags found here, so the two share no code and thus no mistake.
"""

from collections.abc import Iterable
from unicodedata import normalize

import regex

MAX_TAGS = 30
MAX_TAG_LENGTH = 100
_CACHE_SIZE = 200_000  # folded tags cached; without a limit the long tail of rare tags would grow for ever

_WORD = r"[\p{L}\p{M}\p{N}_]"
_TAG_IN_TEXT = regex.compile(rf"(?<!{_WORD})#({_WORD}+)")
_folded: dict[str, str] = {}


def find_tags(text: str) -> list[str]:
    """The tags in a text, as written, without their `#`."""
    return _TAG_IN_TEXT.findall(text) if "#" in text else []


def fold_tag(raw: str) -> str:
    """The case-folded NFKC form of a tag without its `#`; empty when nothing is left of it."""
    known = _folded.get(raw)
    if known is None:
        if len(_folded) >= _CACHE_SIZE:
            _folded.clear()
        bare = raw.strip()
        bare = bare[1:] if bare.startswith("#") else bare
        known = normalize("NFKC", normalize("NFKC", bare).casefold())
        _folded[raw] = known
    return known


def count_tags(raw_tags: Iterable[str]) -> list[str]:
    """The folded tags of a post that are counted: distinct, in order, at most MAX_TAGS, none above MAX_TAG_LENGTH."""
    distinct = dict.fromkeys(fold_tag(raw) for raw in raw_tags)
    return [tag for tag in distinct if tag and len(tag) <= MAX_TAG_LENGTH][:MAX_TAGS]
