"""The result of a recount: for machines as a dictionary, for people as rows of a table."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Check:
    """One comparison. `examples` are the first rows that differ: keys and numbers, never a text or a payload."""

    name: str
    rows: int
    differences: int
    columns: tuple[str, ...] = ()
    examples: tuple[tuple[Any, ...], ...] = ()


@dataclass(frozen=True)
class Report:
    """All comparisons of one cut, and what was left out of them."""

    checks: tuple[Check, ...]
    cut: dict[str, Any]
    outside: dict[str, int] = field(default_factory=dict)

    @property
    def is_exact(self) -> bool:
        """True where nothing differs."""
        return not any(check.differences for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """`exact` and `checks` are the promise; the rest tells how the comparison was made."""
        checks = [{"name": c.name, "rows": c.rows, "differences": c.differences} for c in self.checks]
        return {"exact": self.is_exact, "checks": checks, "cut": self.cut, **self.outside}
