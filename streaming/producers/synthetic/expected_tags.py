"""The generator's own reading of a post, on purpose without the stream's code: tags, their folding, the limits.

`verify` compares what the stream counted with what is written here, so the two must not share a mistake.
"""

from collections.abc import Iterable
from unicodedata import normalize

import regex

MOST_TAGS = 30
LONGEST_TAG = 100
_MEMORY = 200_000  # folded tags kept; the long tail would grow for ever

_WORD = r"[\p{L}\p{M}\p{N}_]"
_TAG_IN_TEXT = regex.compile(rf"(?<!{_WORD})#({_WORD}+)")
_folded: dict[str, str] = {}


def find_tags(text: str) -> list[str]:
    """The tags written in a text, as written, without their `#`."""
    return _TAG_IN_TEXT.findall(text) if "#" in text else []


def fold_tag(raw: str) -> str:
    """One spelling for all spellings of a tag; empty when nothing is left of it."""
    known = _folded.get(raw)
    if known is None:
        if len(_folded) >= _MEMORY:
            _folded.clear()
        bare = raw.strip()
        bare = bare[1:] if bare.startswith("#") else bare
        known = normalize("NFKC", normalize("NFKC", bare).casefold())
        _folded[raw] = known
    return known


def count_tags(raw_tags: Iterable[str]) -> list[str]:
    """The folded tags of a post that count: distinct, in order, not too long, not too many."""
    distinct = dict.fromkeys(fold_tag(raw) for raw in raw_tags)
    return [tag for tag in distinct if tag and len(tag) <= LONGEST_TAG][:MOST_TAGS]
