"""A record's value -> the JSON object that it begins with."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import regex

from streaming.records.quality_rules import Unusable

JSON_SPACE = " \t\n\r"
MAX_DEPTH, MAX_DIGITS, MAX_NAME_LENGTH = 1_000, 1_000, 50_000
"""Of nesting, of a number, of a field's name in UTF-16 units: the limits of Jackson, by which Spark and Kafka Connect
read JSON, so that whoever reads bronze with them agrees about what is malformed."""
_SMALL = 1_000
"""A text of at most so many characters cannot break any of the limits: they are checked for larger ones only."""
_TOKENS = regex.compile(r'"(?:[^"\\]|\\.)*+"?+|[\[\]{}]', regex.DOTALL)
"""A string, also one that never ends (without the last `?+` such a text would take quadratic time), or a bracket."""
_SURROGATE = regex.compile(r"\\u[dD][89a-fA-F]")


class Repeated(dict[str, Any]):
    """An object with a name that occurs several times: the last value counts, `pairs` has all of them."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


def read_object(value: bytes | None) -> dict[str, Any]:
    """The object at the beginning of the text; what follows it is ignored.

    Raises:
        Unusable: `malformed`: no UTF-8, no object, or beyond one of the limits.
    """
    try:
        text = (value or b"").decode().lstrip(JSON_SPACE)
        if not text.startswith("{"):
            raise ValueError
        try:
            return _parse(text)
        except RecursionError:  # Python's own limit is as low as `MAX_DEPTH`, and the caller has used a part of it
            with _deep_recursion():
                return _parse(text)
    except ValueError:
        raise Unusable("malformed", "the value is not a JSON object") from None


def _parse(text: str) -> dict[str, Any]:
    parsed: dict[str, Any] = _scan(text) if len(text) <= _SMALL else _scan_within_limits(text)
    return _without_surrogates(parsed) if _SURROGATE.search(text) else parsed


def _build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    parsed = dict(pairs)
    return parsed if len(parsed) == len(pairs) else Repeated(pairs)


def _build_within_limits(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    for name, _ in pairs:
        if len(name) * 2 > MAX_NAME_LENGTH and len(name.encode("utf-16-le", "surrogatepass")) > MAX_NAME_LENGTH * 2:
            raise ValueError
    return _build(pairs)


def _refuse_constant(_: str) -> NoReturn:
    """NaN and Infinity, which Python's parser knows and JSON does not."""
    raise ValueError


def _within_digits(text: str) -> str:
    if len(text) > MAX_DIGITS and sum(map(str.isdigit, text)) > MAX_DIGITS:
        raise ValueError
    return text


def _scan(text: str) -> Any:
    return _DECODER.raw_decode(text)[0]


def _scan_within_limits(text: str) -> Any:
    if text.count("[") + text.count("{") > MAX_DEPTH and _is_too_deep(text):
        raise ValueError
    return _LIMITED_DECODER.raw_decode(text)[0]


# strict=False: a tab or a line break inside a string is accepted, as senders do write them
_DECODER = json.JSONDecoder(object_pairs_hook=_build, parse_constant=_refuse_constant, strict=False)
_LIMITED_DECODER = json.JSONDecoder(
    object_pairs_hook=_build_within_limits,
    parse_constant=_refuse_constant,
    parse_int=lambda text: int(_within_digits(text)),
    parse_float=lambda text: float(_within_digits(text)),
    strict=False,
)


def _is_too_deep(text: str) -> bool:
    """Whether the first object nests deeper than the limit."""
    depth = 0
    for token in _TOKENS.finditer(text):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
        if depth > MAX_DEPTH:
            return True
        if depth == 0:
            break
    return False


@contextmanager
def _deep_recursion() -> Iterator[None]:
    """Parsing recurses once per level, removing surrogates twice."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit + 4 * MAX_DEPTH)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def _without_surrogates(node: Any) -> Any:
    """Half of a surrogate pair is no character and has no UTF-8: it becomes a question mark."""
    if isinstance(node, str):
        return node.encode("utf-8", "replace").decode()
    if isinstance(node, list):
        return [_without_surrogates(item) for item in node]
    if isinstance(node, Repeated):
        return Repeated([(_without_surrogates(name), _without_surrogates(item)) for name, item in node.pairs])
    if isinstance(node, dict):
        return _build([(_without_surrogates(name), _without_surrogates(item)) for name, item in node.items()])
    return node
