"""The limits of the quality rules, and what happens to a record that breaks one."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property

CODE_VERSION = 2
"""Increase it when code changes what is valid or what a valid row holds: it is part of the rules' hash."""


@dataclass(frozen=True)
class QualityRules:
    """The content of conf/quality.yaml: lengths in code points, sensor limits inclusive, `actions` by rule."""

    tolerance_minutes: int
    earliest: str
    late_seconds: int
    actions: dict[str, str]
    stop_above_share: float
    stop_from_records: int
    max_lengths: dict[str, int]
    sensor_limits: dict[str, tuple[float, float]]

    @cached_property
    def warning(self) -> frozenset[str]:
        """Rules with action `warn`: a record that breaks no other rule is kept, and counted as warned:<rule>."""
        return frozenset(rule for rule, action in self.actions.items() if action == "warn")

    def fingerprint(self) -> str:
        """The rules' hash: 16 hex digits that change whenever a verdict or its consequence may change."""
        relevant = {name: value for name, value in asdict(self).items() if not name.startswith("stop_")}
        text = json.dumps([CODE_VERSION, relevant], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Unusable(Exception):
    """A record breaks `rule`; `reason` is one sentence without content of the record."""

    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(reason)
        self.rule = rule
        self.reason = reason
