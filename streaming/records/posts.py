"""Topic posts: posts and deletions of posts."""

from collections.abc import Callable

from streaming.records.fields import Event, check_texts, read_list, read_texts, require
from streaming.records.judge import SILVER, RecordType, Usable
from streaming.records.names import keep_counted, read_hashtags, read_mentions
from streaming.records.quality_rules import QualityRules, Unusable
from streaming.records.times import TimeRules

TEXTS = ("post_id", "source", "author_id", "created_at", "text", "lang", "in_reply_to", "kind")
LISTS = ("hashtags", "mentions")
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
"""Only ASCII letters are lower-cased: language tags are ASCII, and about other letters Unicode versions disagree."""


def read_post(
    event: Event, kafka_us: int, rules: QualityRules, times: TimeRules, pseudonym_of: Callable[[str], str]
) -> Usable:
    """The rules, in their order. A deletion needs no author, language or text."""
    texts, lists = read_texts(event, TEXTS), {name: read_list(event, name) for name in LISTS}
    kind = "post" if texts["kind"] is None else texts["kind"]
    require(texts, ("post_id", "source", "created_at"))
    if kind != "deletion":
        require(texts, ("author_id", "lang"))
        if texts["text"] is None:
            raise Unusable("missing_field", "text is missing")
        if kind != "post":
            raise Unusable("unknown_kind", "kind is neither post nor deletion")
    check_texts(texts, rules.max_lengths, lists)
    at, warned = times.read("created_at", str(texts["created_at"]), kafka_us)
    post_id, source = str(texts["post_id"]), str(texts["source"])
    identity = (source, post_id)
    if kind == "deletion":
        return Usable(kind, kind, identity, at, None, {"post_id": post_id, "source": source})
    text = str(texts["text"])
    hashtags = read_hashtags(lists["hashtags"], text)
    values = {
        "post_id": post_id,
        "source": source,
        "author_pseudonym": pseudonym_of(str(texts["author_id"])),
        "created_at": at,
        "lang": str(texts["lang"]).translate(_LOWER),
        "text": text,
        "hashtags": hashtags,
        "counted_hashtags": keep_counted(hashtags),
        "mention_pseudonyms": [pseudonym_of(handle) for handle in read_mentions(lists["mentions"], text)],
        "in_reply_to": texts["in_reply_to"],
    }
    return Usable(SILVER, kind, identity, at, warned, values)


POSTS = RecordType(frozenset((*TEXTS, *LISTS)), read_post)
