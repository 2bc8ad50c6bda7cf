"""JSON as the wire allows it, read a second time: a record's bytes to the object they begin with."""

import json
import sys
from typing import Any

import regex

BLANKS = " \t\r\n"
DEEPEST = 1000
LONGEST_NUMBER = 1000  # digits: more is an attack, as common parsers see it
LONGEST_NAME = 50_000  # UTF-16 units of a field's name: the same
BRACKETS = regex.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', regex.DOTALL)
LONE_SURROGATE_ESCAPE = regex.compile(r"\\u[dD][89a-fA-F]")


class Rejected(Exception):
    """The record breaks a rule; the only argument is its name."""


class Number(str):
    """A JSON number, by its digits."""

    __slots__ = ()


def _refuse_constant(name: str) -> None:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(name)


def _keep_digits(digits: str) -> Number:
    if len(digits) > LONGEST_NUMBER and sum(map(str.isdigit, digits)) > LONGEST_NUMBER:
        raise ValueError("number")
    return Number(digits)


class Object(dict[str, Any]):
    """A JSON object: of a name that is repeated the last value, but `every` value is there."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs

    def every(self, name: str) -> list[Any]:
        """All values of a name, the last one last; [None] where there is none."""
        if len(self) == len(self.pairs):
            return [self.get(name)]
        return [value for key, value in self.pairs if key == name] or [None]


def _build_object(pairs: list[tuple[str, Any]]) -> Object:
    for name, _ in pairs:
        if len(name) > LONGEST_NAME // 2 and len(name.encode("utf-16-le", "surrogatepass")) > 2 * LONGEST_NAME:
            raise ValueError("name")
    return Object(pairs)


DECODER = json.JSONDecoder(
    parse_float=_keep_digits,
    parse_int=_keep_digits,
    parse_constant=_refuse_constant,
    object_pairs_hook=_build_object,
    strict=False,  # a tab or a line break inside a string is let through
)


def decode(value: bytes | None) -> Object:
    """The first JSON object of a record's value.

    Raises:
        Rejected: malformed.
    """
    try:
        text = (value or b"").decode("utf-8").lstrip(BLANKS)
        if not text.startswith("{") or _is_too_deep(text):
            raise Rejected("malformed")
        return _parse_deep(text)
    except ValueError:
        raise Rejected("malformed") from None


def _parse_deep(text: str) -> Object:
    """Python's own limit of nesting is lower than the wire's."""
    try:
        return _parse(text)
    except RecursionError:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(limit + 4 * DEEPEST)
        try:
            return _parse(text)
        finally:
            sys.setrecursionlimit(limit)


def _parse(text: str) -> Object:
    parsed: Object = DECODER.raw_decode(text)[0]
    return _without_surrogates(parsed) if LONE_SURROGATE_ESCAPE.search(text) else parsed


def _is_too_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    depth = 0
    for match in BRACKETS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match.group(), 0)
        if depth > DEEPEST or depth == 0:
            break
    return depth > DEEPEST


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
