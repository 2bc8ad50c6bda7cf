"""Reading fields of a JSON object: right type, present, neither too long nor with a character that cannot be stored."""

from collections.abc import Iterable, Mapping
from typing import Any

from streaming.records.json_object import Repeated
from streaming.records.quality_rules import Unusable

Event = dict[str, Any]
"""A JSON object as `json_object.read_object` returns it."""
Texts = dict[str, str | None]
LIMITED_TEXTS = frozenset(
    ["post_id", "source", "author_id", "lang", "text", "in_reply_to", "reading_id", "event_id", "machine_id", "detail"]
)
"""The texts that have a length limit and may hold no NUL character; times and kinds have rules of their own."""
MAX_UNKNOWN_FIELDS, MAX_FIELD_NAME_LENGTH = 20, 64
"""Of one record so many unknown fields are reported, each cut to so many characters: a hostile sender invents names."""
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")


def read_texts(event: Event, names: Iterable[str]) -> Texts:
    """The named fields. Whole numbers and booleans count as text.

    Raises:
        Unusable: `wrong_type`.
    """
    return {name: _as_text(event.get(name), name) for name in names}


def read_list(event: Event, name: str) -> list[str] | None:
    """A list of texts without its nulls, None if there is no list.

    Raises:
        Unusable: `wrong_type`.
    """
    values = _read_typed(event, name, (list,))
    if values is None:
        return None
    return [text for text in (_as_text(value, f"an element of {name}") for value in values) if text is not None]


def read_number(event: Event, name: str) -> float | None:
    """A number; infinite where it is too large for a double.

    Raises:
        Unusable: `wrong_type`.
    """
    value = _read_typed(event, name, (int, float))
    try:
        return None if value is None else float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def require(values: Mapping[str, Any], names: Iterable[str]) -> None:
    """Raises Unusable `missing_field` for the first of the names that is absent, null or an empty text."""
    for name in names:
        if values[name] is None or values[name] == "":
            raise Unusable("missing_field", f"{name} is missing")


def check_texts(texts: Texts, max_lengths: Mapping[str, int], lists: Mapping[str, list[str] | None]) -> None:
    """Checks the texts that have a limit, and the elements of the lists.

    Raises:
        Unusable: `nul_character` (PostgreSQL cannot store one), then `too_long`.
    """
    for name, elements in lists.items():
        if elements and any("\0" in element for element in elements):
            raise _nul_character(name)
    limited = [(name, text) for name, text in texts.items() if text and name in LIMITED_TEXTS]
    for name, text in limited:
        if "\0" in text:
            raise _nul_character(name)
    for name, text in limited:
        if len(text) > max_lengths[name]:
            raise Unusable("too_long", f"{name} is longer than {max_lengths[name]} characters")


def find_unknown(event: Event, known: frozenset[str]) -> list[str]:
    """The object's own field names that are not `known`, made safe for a log line."""
    if event.keys() <= known:
        return []
    unknown = [name for name in event if name not in known][:MAX_UNKNOWN_FIELDS]
    return ["".join(letter if letter in _PLAIN else "?" for letter in name[:MAX_FIELD_NAME_LENGTH]) for name in unknown]


def _as_text(value: Any, name: str) -> str | None:
    if value is None or value.__class__ is str:
        return value
    if value.__class__ is int:
        return str(value)
    if value.__class__ is bool:
        return "true" if value else "false"
    raise Unusable("wrong_type", f"{name} is not text")  # neither is a fraction: 1.10 and 1.1 would be two texts


def _read_typed(event: Event, name: str, types: tuple[type, ...]) -> Any:
    """The value, None where there is none. Of a repeated name every value must have the type, as in Spark's parser."""
    value = event.get(name)
    values = [item for key, item in event.pairs if key == name] if event.__class__ is Repeated else [value]
    if any(item is not None and item.__class__ not in types for item in values):
        raise Unusable("wrong_type", f"{name} has the wrong type")
    return value


def _nul_character(name: str) -> Unusable:
    return Unusable("nul_character", f"{name} holds a NUL character")
