"""Names, numbers, units and trends as text for viewers; hashtags, which anybody may write, made safe to display."""

import unicodedata
from collections.abc import Mapping
from datetime import datetime

STREAMS: Mapping[str, str] = {"posts": "Posts", "readings": "Machine readings", "machine_events": "Machine events"}
SENSORS: Mapping[str, tuple[str, int]] = {  # name, decimals: fixed per sensor so that digits do not jump
    "temperature_c": ("Temperature", 1),
    "vibration_mm_s": ("Vibration", 2),
    "rotation_rpm": ("Rotation", 0),
    "pressure_bar": ("Pressure", 2),
    "power_kw": ("Power", 1),
    "parts_count": ("Parts", 1),
}
UNITS: Mapping[str, str] = {"1/min": "rpm", "parts": "/min"}  # stored unit -> as it is commonly written
RULES: Mapping[str, str] = {
    "malformed": "unreadable",
    "wrong_type": "wrong type of value",
    "missing_field": "field missing",
    "unknown_kind": "unknown kind",
    "nul_character": "forbidden character",
    "too_long": "text too long",
    "bad_time": "unreadable time",
    "ancient_time": "time too far in the past",
    "future_time": "time in the future",
    "impossible_value": "impossible value",
}
STEADY_PERCENT = 5  # smaller changes are noise, not a trend
DASH, MINUS, TIMES = "\u2013", "\u2212", "\u00d7"  # typographic dash, minus and multiplication sign
Trend = tuple[str, str, str]  # up, down, steady, new or none; short text; text for screen readers
NO_TREND: Trend = ("none", DASH, "not known yet")
# Controls that change the direction of the text after them: removed, as they would reorder the page around a tag.
BIDI_CONTROLS = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def format_count(number: int) -> str:
    """12345 -> `12,345`."""
    return f"{number:,}"


def format_time(moment: datetime) -> str:
    """The time of day of a UTC moment, e.g. `14:03:22`."""
    return f"{moment:%H:%M:%S}"


def unix_milliseconds(moment: datetime) -> int:
    """Unix milliseconds, from which the browser computes ages."""
    return round(moment.timestamp() * 1000)


def stream_name(stream: str) -> str:
    """Display name of a stream."""
    return STREAMS.get(stream, _spaced(stream))


def sensor_name(sensor: str) -> str:
    """Display name of a sensor, without its unit."""
    return SENSORS[sensor][0] if sensor in SENSORS else _spaced(sensor)


def rule_name(rule: str) -> str:
    """Display name of a quality rule."""
    return RULES.get(rule, _spaced(rule))


def format_reading(sensor: str, value: float) -> str:
    """A value with the sensor's decimals, without the unit."""
    decimals = SENSORS[sensor][1] if sensor in SENSORS else 2
    return f"{value:,.{decimals}f}"


def unit_name(unit: str) -> str:
    """Display name of a unit."""
    return UNITS.get(unit, unit)


def hashtag_label(hashtag: str) -> str:
    """`#tag` on one line; a tag that would be invisible is shown by its code points instead."""
    visible = " ".join(hashtag.translate(BIDI_CONTROLS).split())
    if any(unicodedata.category(character)[0] not in "CZM" for character in visible):
        return "#" + "".join(c for c in visible if unicodedata.category(c) != "Cc")
    return "#" + " ".join(f"U+{ord(character):04X}" for character in hashtag[:8])


def describe_trend(recent: int, previous: int) -> Trend:
    """Posts of one run of minutes, compared with the equally long run before it."""
    if recent == previous == 0:
        return NO_TREND
    if previous == 0:
        return "new", "new", "new"
    percent = round(100 * (recent - previous) / previous)
    if abs(percent) < STEADY_PERCENT:
        return "steady", "steady", "steady"
    if percent < 0:
        return "down", f"{MINUS}{-percent} %", f"down {-percent} %"
    if percent < 100:
        return "up", f"+{percent} %", f"up {percent} %"
    times = f"{recent / previous:.0f}" if percent >= 900 else f"{recent / previous:.1f}"
    return "up", f"{TIMES}{times}", f"{times} times as many"


def format_minutes(number: int) -> str:
    """`1 minute`, `10 minutes`, `hour`."""
    return {1: "minute", 60: "hour"}.get(number, f"{number} minutes")


def _spaced(name: str) -> str:
    return name.replace("_", " ").capitalize()
