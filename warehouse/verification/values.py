"""Single values of a record: times, measures, pseudonyms, hashtags and mentions."""

import hashlib
import hmac
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

import regex

TIME = regex.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
WORD = r"[\p{L}\p{M}\p{N}_]"
HASHTAG = regex.compile(rf"(?<!{WORD})#({WORD}+)")
MENTION = regex.compile(rf"(?<!{WORD})@({WORD}+)")

MAX_TAG_LENGTH = 100
MAX_COUNTED_TAGS = 30
SECONDS_PER_DAY = 86_400
EPOCH = date(1970, 1, 1).toordinal()
GREGORIAN_CYCLE = (400, 146_097)  # years, days: Python's dates begin with year 1, so year 0 is computed as year 400


def parse_time(text: str) -> int | None:
    """Microseconds since 1970 (UTC) of an ISO 8601 time with an offset or Z; None where the text is not one."""
    match = TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, off_hours, off_minutes = match.groups()
    days = _days_since_1970(int(year), int(month), int(day))
    offset = _offset_seconds(sign, off_hours, off_minutes) if sign else 0
    if days is None or offset is None or int(hour) > 23 or int(minute) > 59 or int(second) > 59:
        return None
    seconds = days * SECONDS_PER_DAY + int(hour) * 3600 + int(minute) * 60 + int(second) - offset
    return seconds * 1_000_000 + (int(fraction.ljust(6, "0")) if fraction else 0)


@lru_cache(maxsize=4096)
def _days_since_1970(year: int, month: int, day: int) -> int | None:
    years, days = (0, 0) if year else GREGORIAN_CYCLE
    try:
        return date(year + years, month, day).toordinal() - EPOCH - days
    except ValueError:
        return None


def _offset_seconds(sign: str, hours: str, minutes: str) -> int | None:
    seconds = int(hours) * 3600 + int(minutes) * 60
    if int(minutes) > 59 or seconds > 18 * 3600:
        return None
    return -seconds if sign == "-" else seconds


def to_ten_thousandths(value: float) -> int:
    """A measure as the unscaled value of DECIMAL(18,4): the shortest digits of the double, rounded half up."""
    return int(Decimal(repr(value)).scaleb(4).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def make_pseudonym(key: bytes) -> Callable[[str], str]:
    """Returns a function from a personal id to its pseudonym: HMAC-SHA-256 as hex digits, with a cache."""

    @lru_cache(maxsize=200_000)
    def pseudonym(personal_id: str) -> str:
        return hmac.digest(key, personal_id.encode("utf-8"), "sha256").hex()

    return pseudonym


def digest_text(text: str) -> str:
    """MD5 of a text, so that texts are compared without being stored; it does not protect them."""
    return hashlib.md5(text.encode("utf-8"), usedforsecurity=False).hexdigest()


def digest_id(personal_id: str) -> str:
    """SHA-256 of a raw id, to find out whether silver contains it in place of a pseudonym."""
    return hashlib.sha256(personal_id.encode("utf-8")).hexdigest()


def lower_ascii(text: str) -> str:
    """Lower case of ASCII letters; others stay as they are, since a language tag is ASCII."""
    return "".join(character.lower() if character.isascii() else character for character in text)


def find_hashtags(given: list[str] | None, text: str) -> list[str]:
    """Normalized hashtags, distinct, in order: those of the field `hashtags`, else (None) those in the text."""
    raw = HASHTAG.findall(text) if given is None and "#" in text else given or []
    return _distinct(map(fold_hashtag, raw))


def keep_counted(hashtags: list[str]) -> list[str]:
    """The hashtags that gold and PostgreSQL count: of those with up to 100 characters, the first 30."""
    return [tag for tag in hashtags if len(tag) <= MAX_TAG_LENGTH][:MAX_COUNTED_TAGS]


def find_mentions(given: list[str] | None, text: str) -> list[str]:
    """Mentioned author ids, distinct, in order: those of the field `mentions`, else (None) those in the text."""
    raw = MENTION.findall(text) if given is None and "@" in text else given or []
    return _distinct(mention.strip().removeprefix("@") for mention in raw)


@lru_cache(maxsize=50_000)
def fold_hashtag(raw: str) -> str:
    """The normalized hashtag: without a leading #, Unicode NFKC, case folded."""
    bare = raw.strip().removeprefix("#")
    if bare.isascii():
        return bare.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", bare).casefold())


def _distinct(items: Iterable[str]) -> list[str]:
    return [item for item in dict.fromkeys(items) if item]
