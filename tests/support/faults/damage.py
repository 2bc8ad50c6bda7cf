"""Ways to change a valid record: each returns a `Make`, which builds a record from a random generator and a number."""

import json
import random
from collections.abc import Callable
from typing import Any

Make = Callable[[random.Random, int], bytes | None]


def changed(make: Callable[..., bytes], **changes: Any) -> Make:
    """A record with other values of fields; None removes a field."""
    return lambda _, number: make(number, **changes)


def raw(make: Callable[..., bytes], field: str, text: str) -> Make:
    """A record in which the value of `field` is this JSON text, valid or not."""

    def build(_: random.Random, number: int) -> bytes:
        fields = json.loads(make(number))
        fields.pop(field, None)
        return json.dumps(fields)[:-1].encode() + f', "{field}": {text}}}'.encode()

    return build


def extended(make: Callable[..., bytes], text: str) -> Make:
    """A valid record with this JSON text as further members at the end of the object."""
    return lambda _, number: make(number)[:-1] + f", {text}}}".encode()


def surrounded(make: Callable[..., bytes], before: bytes = b"", after: bytes = b"") -> Make:
    """A valid record between other bytes."""
    return lambda _, number: before + make(number) + after


def encoded(make: Callable[..., bytes], encoding: str) -> Make:
    """A valid record in another encoding than UTF-8."""
    return lambda _, number: make(number).decode().encode(encoding)


def constant(value: bytes | None) -> Make:
    """Always the same bytes."""
    return lambda _, __: value


def nested(make: Callable[..., bytes], least: int, most: int) -> Make:
    """A valid record with an unknown field that is nested `least` to `most` levels deep, the record included."""

    def build(chance: random.Random, number: int) -> bytes:
        inside = chance.randint(least, most) - 1
        opened, closed = chance.choice([("[", "]"), ('{"a":', "}")])
        return make(number)[:-1] + f', "deep": {opened * inside}1{closed * inside}}}'.encode()

    return build


def cut_off(make: Callable[..., bytes]) -> Make:
    """A record without its last bytes."""

    def build(chance: random.Random, number: int) -> bytes:
        value = make(number)
        return value[: chance.randrange(1, len(value) - 1)]

    return build


def not_utf8(make: Callable[..., bytes]) -> Make:
    """A record with bytes that are not UTF-8: a stray byte, an overlong form, a surrogate, too large a code point."""

    def build(chance: random.Random, number: int) -> bytes:
        value = make(number)
        at = chance.randrange(1, len(value))
        return value[:at] + chance.choice([b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"]) + value[at:]

    return build


def colliding_names(number_of_names: int) -> str:
    """Members whose names all have the same `String.hashCode`, a worst case for hash maps of JSON parsers in Java."""
    bits = number_of_names.bit_length() - 1
    names = ("".join("Aa" if (n >> bit) & 1 else "BB" for bit in range(bits)) for n in range(number_of_names))
    return ", ".join(f'"{name}": 1' for name in names)
