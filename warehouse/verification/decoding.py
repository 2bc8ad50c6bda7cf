"""Parses the JSON of a record's value a second time, independently of Spark: bytes -> the JSON object they begin with.

The limits are the defaults of Jackson, the parser inside Spark: what it refuses is `malformed` here too.
"""

import json
import sys
from typing import Any

import regex

JSON_SPACE = " \t\r\n"
MAX_DEPTH = 1000
MAX_NUMBER_DIGITS = 1000
MAX_NAME_UNITS = 50_000  # UTF-16 code units of a field's name
BRACKETS = regex.compile(r'"(?:[^"\\]|\\.)*+"?+|[\[\]{}]', regex.DOTALL)
LONE_SURROGATE_ESCAPE = regex.compile(r"\\u[dD][89a-fA-F]")


class Rejected(Exception):
    """The record breaks a quality rule; the only argument is the rule's name."""


class Number(str):
    """A JSON number as the text of its digits: nothing is rounded, and it differs from a JSON string."""

    __slots__ = ()


def _refuse_constant(name: str) -> None:
    """Refuses NaN and Infinity, which Python's parser accepts and JSON does not have."""
    raise ValueError(name)


def _parse_number(digits: str) -> Number:
    if len(digits) > MAX_NUMBER_DIGITS and sum(map(str.isdigit, digits)) > MAX_NUMBER_DIGITS:
        raise ValueError("number")
    return Number(digits)


class Object(dict[str, Any]):
    """A JSON object. Where a name is repeated, the last value counts; `every` returns all of them."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs

    def every(self, name: str) -> list[Any]:
        """All values of a name, in order; [None] where there is none."""
        if len(self) == len(self.pairs):
            return [self.get(name)]
        return [value for key, value in self.pairs if key == name] or [None]


def _build_object(pairs: list[tuple[str, Any]]) -> Object:
    for name, _ in pairs:
        if len(name) > MAX_NAME_UNITS // 2 and len(name.encode("utf-16-le", "surrogatepass")) > 2 * MAX_NAME_UNITS:
            raise ValueError("name")
    return Object(pairs)


DECODER = json.JSONDecoder(
    parse_float=_parse_number,
    parse_int=_parse_number,
    parse_constant=_refuse_constant,
    object_pairs_hook=_build_object,
    strict=False,  # a tab or a line break inside a string is accepted
)


def decode(value: bytes | None) -> Object:
    """The JSON object that a record's value begins with; whatever follows it is ignored.

    Raises:
        Rejected: `malformed`: not UTF-8, not a JSON object, or beyond one of the limits above.
    """
    try:
        text = (value or b"").decode("utf-8").lstrip(JSON_SPACE)
        if not text.startswith("{") or _is_too_deep(text):
            raise Rejected("malformed")
        return _parse_nested(text)
    except ValueError:
        raise Rejected("malformed") from None


def _parse_nested(text: str) -> Object:
    """Parses again with a higher recursion limit where Python's own is lower than MAX_DEPTH."""
    try:
        return _parse(text)
    except RecursionError:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(limit + 4 * MAX_DEPTH)
        try:
            return _parse(text)
        finally:
            sys.setrecursionlimit(limit)


def _parse(text: str) -> Object:
    parsed: Object = DECODER.raw_decode(text)[0]
    return _without_surrogates(parsed) if LONE_SURROGATE_ESCAPE.search(text) else parsed


def _is_too_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for match in BRACKETS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match.group(), 0)
        if depth > MAX_DEPTH or depth == 0:
            break
    return depth > MAX_DEPTH


def _without_surrogates(node: Any) -> Any:
    if isinstance(node, Number):
        return node
    if isinstance(node, str):
        return node.encode("utf-8", "replace").decode("utf-8")
    if isinstance(node, list):
        return [_without_surrogates(item) for item in node]
    if isinstance(node, Object):
        return Object([(_without_surrogates(key), _without_surrogates(item)) for key, item in node.pairs])
    return node
