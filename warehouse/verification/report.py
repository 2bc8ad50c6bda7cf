"""The result of a recount."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Check:
    """One comparison. `examples` are the first rows that differ: keys and numbers, never a text or a payload."""

    name: str
    rows: int  # compared
    differences: int
    columns: tuple[str, ...] = ()  # of `examples`
    examples: tuple[tuple[Any, ...], ...] = ()


@dataclass(frozen=True)
class Report:
    """All comparisons, the versions and offsets that were compared, and how many records were left out, by reason."""

    checks: tuple[Check, ...]
    snapshot: dict[str, Any]
    not_compared: dict[str, int] = field(default_factory=dict)

    @property
    def is_exact(self) -> bool:
        """True where no comparison found a difference."""
        return not any(check.differences for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """`exact` and `checks` are the stable part of the format; `cut` (the snapshot) and the counts may change."""
        checks = [{"name": c.name, "rows": c.rows, "differences": c.differences} for c in self.checks]
        return {"exact": self.is_exact, "checks": checks, "cut": self.snapshot, **self.not_compared}
