"""The quality rules: their limits, their order, and the verdict a record gets."""

import hashlib
import json
from dataclasses import asdict, dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

WORD = r"[\p{L}\p{M}\p{N}_]"  # a character of a hashtag or a handle
TIME_PATTERN = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})\z"
KEPT_TIMES = ("1000-01-01T00:00:00Z", "9999-01-01T00:00:00Z")
"""A time outside of these is kept by no rule that warns: not every reader of a table goes so far."""
CODE_VERSION = 2
"""Raise it when a transform changes what is valid or how a valid row looks: it is part of the rules' hash."""


@dataclass(frozen=True)
class QualityRules:
    """Limits of conf/quality.yaml; lengths in code points, sensor limits inclusive, `actions` by rule."""

    tolerance_minutes: int
    earliest: str
    late_seconds: int
    actions: dict[str, str]
    stop_above_share: float
    stop_from_records: int
    max_lengths: dict[str, int]
    sensor_limits: dict[str, tuple[float, float]]

    @property
    def warning(self) -> set[str]:
        """Rules that only warn: a record that breaks no other is kept and counted."""
        return {rule for rule, action in self.actions.items() if action == "warn"}

    def fingerprint(self) -> str:
        """Sixteen hex digits that change whenever a verdict or what follows from it may change."""
        judging = {name: value for name, value in asdict(self).items() if not name.startswith("stop_")}
        text = json.dumps([CODE_VERSION, judging], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Check:
    """One way to be unusable: `failed` is true for a bad row, `reason` one sentence without payload."""

    failed: Column
    rule: str
    reason: str


def first_failure(checks: list[Check]) -> Column:
    """struct<rule, reason> of the first check a row fails, null for a valid row."""
    outcomes = [
        F.when(check.failed, F.struct(F.lit(check.rule).alias("rule"), F.lit(check.reason).alias("reason")))
        for check in checks
    ]
    return F.coalesce(*outcomes)


def check_flat(event: Column, text: Column, fields: list[str]) -> list[Check]:
    """No object, array or fraction where text belongs: from_json hands it over as text, a fraction not even as it was.

    Only a value that looks like one is looked at again, so ordinary records are parsed once.
    """
    document = F.try_parse_json(text)

    def is_other(field: str) -> Column:
        return _looks_other(event[field]) & _is_other(F.try_variant_get(document, f"$.{field}", "variant"))

    return [Check(is_other(field), "wrong_type", f"{field} is not text") for field in fields]


def check_flat_elements(event: Column, text: Column, fields: list[str]) -> list[Check]:
    """The same for the elements of an array of texts."""
    document = F.try_parse_json(text)

    def has_other(field: str) -> Column:
        elements = F.try_variant_get(document, f"$.{field}", "array<variant>")
        others = F.zip_with(event[field], elements, lambda text, element: _looks_other(text) & _is_other(element))
        looks_other = event[field].isNotNull() & F.exists(event[field], _looks_other)
        return looks_other & F.exists(others, lambda is_other: is_other)

    return [Check(has_other(field), "wrong_type", f"an element of {field} is not text") for field in fields]


def _looks_other(text: Column) -> Column:
    """An object, an array, or a fraction as from_json renders it: `1.5`, `1.0E9`, `"Infinity"` in quotes.

    Never null: what follows an AND is evaluated unless this is false. The comparison is cheap and true for few texts.
    """
    nested = text.startswith("{") | text.startswith("[")
    return text.isNotNull() & (nested | ((text < ":") & text.rlike(r'^(-?[0-9]+\.|"-?Infinity")')))


def _is_other(value: Column) -> Column:
    return F.schema_of_variant(value).rlike("^(OBJECT|ARRAY|DECIMAL|DOUBLE|FLOAT)")


def check_required(event: Column, fields: list[str]) -> list[Check]:
    """Every field present and not empty."""
    return [
        Check(event[field].isNull() | (event[field].cast("string") == ""), "missing_field", f"{field} is missing")
        for field in fields
    ]


def check_strings(event: Column, fields: list[str], rules: QualityRules) -> list[Check]:
    """No NUL character in any of the fields, then none too long."""
    nul = [Check(event[field].contains("\0"), "nul_character", f"{field} holds a NUL character") for field in fields]
    long = [
        Check(
            F.length(event[field]) > rules.max_lengths[field],
            "too_long",
            f"{field} is longer than {rules.max_lengths[field]} characters",
        )
        for field in fields
    ]
    return nul + long


def check_arrays(event: Column, fields: list[str]) -> list[Check]:
    """No NUL character in any element: PostgreSQL could not store it."""
    return [
        Check(
            F.exists(event[field], lambda element: element.contains("\0")),
            "nul_character",
            f"{field} holds a NUL character",
        )
        for field in fields
    ]


def check_time(field: str, rules: QualityRules) -> list[Check]:
    """`event_at`, parsed from `field`, is a real instant, neither before the earliest date nor ahead of `kafka_at`."""
    at = F.col("event_at")
    oldest, newest = (F.lit(end).cast("timestamp") for end in KEPT_TIMES)
    beyond, broken = {"ancient_time": at < oldest, "future_time": at >= newest}, _broken_times(rules)
    failed = {rule: beyond[rule] if rule in rules.warning else broken[rule] for rule in broken}
    ahead = f"{field} is more than {rules.tolerance_minutes} minutes after its arrival"
    return [
        Check(at.isNull(), "bad_time", f"{field} is not an ISO-8601 time with a zone"),
        Check(failed["ancient_time"], "ancient_time", f"{field} is before {rules.earliest}"),
        Check(failed["future_time"], "future_time", ahead),
    ]


def first_warning(rules: QualityRules) -> Column:
    """The rule that only warns and that a valid row breaks, null without one."""
    warnings = [F.when(broken, F.lit(rule)) for rule, broken in _broken_times(rules).items() if rule in rules.warning]
    return F.coalesce(*warnings, F.lit(None).cast("string"))


def _broken_times(rules: QualityRules) -> dict[str, Column]:
    at = F.col("event_at")
    ahead = F.timestamp_micros(F.unix_micros("kafka_at") + rules.tolerance_minutes * 60_000_000)
    return {"ancient_time": at < F.lit(rules.earliest).cast("timestamp"), "future_time": at > ahead}


def parse_time(text: Column) -> Column:
    """ISO-8601 with a zone -> timestamp, null if it is anything else or no such date."""
    return F.when(text.rlike(TIME_PATTERN), text.try_cast("timestamp"))
