"""Crashes inside one process: a function of the product fails before, in or after its work; the rest is real."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

CRASH = "a crash made by the test"


def fail(*_: object) -> None:
    """Stands in for a function that never comes back."""
    raise RuntimeError(CRASH)


def crash_before(patch: pytest.MonkeyPatch, owner: Any, name: str, call: int = 1) -> None:
    """The call of that number fails before its work."""
    _count_calls(patch, owner, name, call, lambda work: fail())


def crash_after(patch: pytest.MonkeyPatch, owner: Any, name: str, call: int = 1) -> None:
    """The call of that number fails when its work is done."""
    _count_calls(patch, owner, name, call, lambda work: fail(work()))


def _count_calls(
    patch: pytest.MonkeyPatch, owner: Any, name: str, call: int, crash: Callable[[Callable[[], Any]], None]
) -> None:
    original, numbers = getattr(owner, name), count(1)

    def counted(*words: Any, **named: Any) -> Any:
        if next(numbers) == call:
            return crash(lambda: original(*words, **named))
        return original(*words, **named)

    patch.setattr(owner, name, counted)
