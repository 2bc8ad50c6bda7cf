"""The quality rules: their limits and actions, and a check per way in which a record can be unusable.

The verdict on a record is the first check that it fails, in the order in which a topic lists its checks; a valid record
fails none.
"""

import hashlib
import json
from dataclasses import asdict, dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

WORD = r"[\p{L}\p{M}\p{N}_]"  # a character of a hashtag or a handle
TIME_PATTERN = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})\z"
KEPT_TIMES = ("1000-01-01T00:00:00Z", "9999-01-01T00:00:00Z")
"""Range [first, end) of storable times: outside it a time rule rejects even where its action is `warn`, because some
readers of the tables fail on such times."""
CODE_VERSION = 2
"""Increase it when a transform changes what is valid or what a valid row holds: it is part of the rules' hash."""


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

    @property
    def warning(self) -> set[str]:
        """Rules with action `warn`: a record that breaks no other rule is kept, and counted as warned:<rule>."""
        return {rule for rule, action in self.actions.items() if action == "warn"}

    def fingerprint(self) -> str:
        """The rules' hash: 16 hex digits that change whenever a verdict or its consequence may change."""
        relevant = {name: value for name, value in asdict(self).items() if not name.startswith("stop_")}
        text = json.dumps([CODE_VERSION, relevant], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Check:
    """One way to be unusable: `failed` is true for an invalid row, `reason` one sentence without content of the
    record."""

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
    """Rejects objects, arrays and fractions in a text field: from_json would convert them, a fraction to other digits.
    Integers and booleans pass.

    The JSON is parsed a second time only where the text looks like one of them, so ordinary records are parsed once.
    """
    document = F.try_parse_json(text)

    def is_wrong_type(field: str) -> Column:
        return _looks_wrong_type(event[field]) & _is_wrong_type(F.try_variant_get(document, f"$.{field}", "variant"))

    return [Check(is_wrong_type(field), "wrong_type", f"{field} is not text") for field in fields]


def check_flat_elements(event: Column, text: Column, fields: list[str]) -> list[Check]:
    """The same for the elements of fields that are arrays of text."""
    document = F.try_parse_json(text)

    def has_wrong_element(field: str) -> Column:
        elements = F.try_variant_get(document, f"$.{field}", "array<variant>")
        wrong = F.zip_with(
            event[field], elements, lambda text, element: _looks_wrong_type(text) & _is_wrong_type(element)
        )
        has_suspect = event[field].isNotNull() & F.exists(event[field], _looks_wrong_type)
        return has_suspect & F.exists(wrong, lambda is_wrong: is_wrong)

    return [Check(has_wrong_element(field), "wrong_type", f"an element of {field} is not text") for field in fields]


def _looks_wrong_type(text: Column) -> Column:
    """Whether text may come from an object, an array, or a fraction, which from_json renders as `1.5`, `1.0E9` or
    `"Infinity"` (in quotes).

    Never null: Spark evaluates the right side of an AND unless the left side is false. The comparison with ":" is cheap
    and true for few texts, so the regular expression is rarely evaluated.
    """
    nested = text.startswith("{") | text.startswith("[")
    return text.isNotNull() & (nested | ((text < ":") & text.rlike(r'^(-?[0-9]+\.|"-?Infinity")')))


def _is_wrong_type(value: Column) -> Column:
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
    """No NUL character in any element of the arrays: PostgreSQL cannot store one."""
    return [
        Check(
            F.exists(event[field], lambda element: element.contains("\0")),
            "nul_character",
            f"{field} holds a NUL character",
        )
        for field in fields
    ]


def check_time(field: str, rules: QualityRules) -> list[Check]:
    """`event_at`, parsed from `field`, is not null, not before `rules.earliest`, and at most `rules.tolerance_minutes`
    after `kafka_at`. A rule with action `warn` rejects only what is outside of `KEPT_TIMES`."""
    at = F.col("event_at")
    oldest, newest = (F.lit(end).cast("timestamp") for end in KEPT_TIMES)
    outside, broken = {"ancient_time": at < oldest, "future_time": at >= newest}, _broken_times(rules)
    failed = {rule: outside[rule] if rule in rules.warning else broken[rule] for rule in broken}
    ahead = f"{field} is more than {rules.tolerance_minutes} minutes after its arrival"
    return [
        Check(at.isNull(), "bad_time", f"{field} is not an ISO-8601 time with a zone"),
        Check(failed["ancient_time"], "ancient_time", f"{field} is before {rules.earliest}"),
        Check(failed["future_time"], "future_time", ahead),
    ]


def first_warning(rules: QualityRules) -> Column:
    """The first rule with action `warn` that a row breaks, null if it breaks none."""
    warnings = [F.when(broken, F.lit(rule)) for rule, broken in _broken_times(rules).items() if rule in rules.warning]
    return F.coalesce(*warnings, F.lit(None).cast("string"))


def _broken_times(rules: QualityRules) -> dict[str, Column]:
    """The conditions under which the rules about time are broken, by rule."""
    at = F.col("event_at")
    ahead = F.timestamp_micros(F.unix_micros("kafka_at") + rules.tolerance_minutes * 60_000_000)
    return {"ancient_time": at < F.lit(rules.earliest).cast("timestamp"), "future_time": at > ahead}


def parse_time(text: Column) -> Column:
    """ISO-8601 with a zone -> timestamp; null if the text has another form or names a date that does not exist."""
    return F.when(text.rlike(TIME_PATTERN), text.try_cast("timestamp"))
