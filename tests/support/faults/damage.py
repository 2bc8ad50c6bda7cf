"""Ways to damage a sound record: each gives a maker that builds a record from its chance and its number."""

import json
import random
from collections.abc import Callable
from typing import Any

Make = Callable[[random.Random, int], bytes | None]


def changed(make: Callable[..., bytes], **changes: Any) -> Make:
    """A record with other fields; None takes one away."""
    return lambda _, number: make(number, **changes)


def raw(make: Callable[..., bytes], field: str, text: str) -> Make:
    """The field's value as it stands on the wire; a field that a sound record has is replaced."""

    def build(_: random.Random, number: int) -> bytes:
        fields = json.loads(make(number))
        fields.pop(field, None)
        return json.dumps(fields)[:-1].encode() + f', "{field}": {text}}}'.encode()

    return build


def extended(make: Callable[..., bytes], text: str) -> Make:
    """Further members of the object as they stand on the wire, behind those of a sound record."""
    return lambda _, number: make(number)[:-1] + f", {text}}}".encode()


def surrounded(make: Callable[..., bytes], before: bytes = b"", after: bytes = b"") -> Make:
    """Bytes before and behind a sound record."""
    return lambda _, number: before + make(number) + after


def encoded(make: Callable[..., bytes], encoding: str) -> Make:
    """A sound record in another encoding."""
    return lambda _, number: make(number).decode().encode(encoding)


def constant(value: bytes | None) -> Make:
    """The same bytes every time."""
    return lambda _, __: value


def nested(make: Callable[..., bytes], least: int, most: int) -> Make:
    """A sound record whose unknown field makes it so many levels deep."""

    def build(chance: random.Random, number: int) -> bytes:
        inside = chance.randint(least, most) - 1
        opened, closed = chance.choice([("[", "]"), ('{"a":', "}")])
        return make(number)[:-1] + f', "deep": {opened * inside}1{closed * inside}}}'.encode()

    return build


def cut_off(make: Callable[..., bytes]) -> Make:
    """A record that ends too soon."""

    def build(chance: random.Random, number: int) -> bytes:
        value = make(number)
        return value[: chance.randrange(1, len(value) - 1)]

    return build


def not_utf8(make: Callable[..., bytes]) -> Make:
    """Bytes that no UTF-8 text has: stray, overlong, a surrogate, beyond the last character."""

    def build(chance: random.Random, number: int) -> bytes:
        value = make(number)
        at = chance.randrange(1, len(value))
        return value[:at] + chance.choice([b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"]) + value[at:]

    return build


def colliding_names(number_of_names: int) -> str:
    """Members whose names have one hash in common parsers written in Java."""
    bits = number_of_names.bit_length() - 1
    names = ("".join("Aa" if (n >> bit) & 1 else "BB" for bit in range(bits)) for n in range(number_of_names))
    return ", ".join(f'"{name}": 1' for name in names)
