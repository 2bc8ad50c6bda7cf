"""Crashes inside one process: one function of the product raises before or after its work; everything else is real."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

CRASH = "a crash made by the test"


def fail(*_: object) -> None:
    """Replaces a function that a crash interrupts."""
    raise RuntimeError(CRASH)


def crash_before(patch: pytest.MonkeyPatch, owner: Any, name: str, call: int = 1) -> None:
    """Call number `call` of the function fails before its work."""
    _count_calls(patch, owner, name, call, lambda work: fail())


def crash_after(patch: pytest.MonkeyPatch, owner: Any, name: str, call: int = 1) -> None:
    """Call number `call` of the function fails after its work."""
    _count_calls(patch, owner, name, call, lambda work: fail(work()))


def _count_calls(
    patch: pytest.MonkeyPatch, owner: Any, name: str, call: int, crash: Callable[[Callable[[], Any]], None]
) -> None:
    original, numbers = getattr(owner, name), count(1)

    def counted(*arguments: Any, **named: Any) -> Any:
        if next(numbers) == call:
            return crash(lambda: original(*arguments, **named))
        return original(*arguments, **named)

    patch.setattr(owner, name, counted)
