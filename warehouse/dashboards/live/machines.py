"""The machine section: one card per machine with its sensors, and above them the machines that need attention."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby

from dash import html
from dash.development.base_component import Component

from warehouse.dashboards import labels
from warehouse.dashboards.elements import hyphenated, screen_reader_only, visual_only
from warehouse.dashboards.live import sparklines
from warehouse.dashboards.live.figures import minute_axis
from warehouse.dashboards.live.machine_status import (
    ORDER,
    State,
    both_edges,
    classify_machine,
    classify_sensor,
    newest_sensor_minute,
)
from warehouse.dashboards.live.rows import SensorMinute, SensorState

STATE_LABELS: Mapping[State, tuple[str, str]] = {  # symbol and text, so that a state is never shown by colour only
    "above": ("▲", "above limit"),
    "below": ("▼", "below limit"),
    "unusual": ("◆", "unusual"),
    "silent": ("◌", "no data"),
    "normal": ("✓", "normal"),
}
MAX_NAMED = 8  # machines that the list above the cards names; the others are counted

Values = Sequence[float | None]


def render_machines(states: Sequence[SensorState], minutes: Sequence[SensorMinute]) -> Component:
    """A card per machine, ordered by name whatever their states, so that cards do not move."""
    if not states:
        return html.P("No machine has sent a reading yet.", className="nothing")
    newest = newest_sensor_minute(states)
    averages: dict[tuple[str, str], dict[datetime, float]] = {}
    for row in minutes:
        averages.setdefault((row.machine_id, row.sensor), {})[row.minute] = row.average
    cards = []
    for machine_id, sensors in by_machine(states).items():
        of_sensor = {sensor.sensor: averages.get((machine_id, sensor.sensor), {}) for sensor in sensors}
        lines = {name: [line.get(minute) for minute in minute_axis(newest)] for name, line in of_sensor.items()}
        cards.append(_card(machine_id, sensors, classify_machine(sensors, newest), lines))
    return html.Div(cards, className="cards")


def render_attention(states: Sequence[SensorState]) -> Component:
    """The machines whose state is not normal, worst first, each with the reason and a link to its card."""
    if not states:
        return html.P("", className="attention")
    machines = by_machine(states)
    classified = [
        (name, classify_machine(sensors, newest_sensor_minute(states)), sensors) for name, sensors in machines.items()
    ]
    abnormal = sorted((item for item in classified if item[1] != "normal"), key=lambda item: ORDER.index(item[1]))
    if not abnormal:
        text = f" All {len(machines)} machines run within their limits."
        return html.P([visual_only("✓", "mark"), text], className="attention normal")
    items = [html.Li(_link(name, state, sensors), className=state) for name, state, sensors in abnormal[:MAX_NAMED]]
    rest = [html.Li(f"and {len(abnormal) - MAX_NAMED} more")] if len(abnormal) > MAX_NAMED else []
    verb = "needs" if len(abnormal) == 1 else "need"
    return html.Div(
        [html.P(f"{len(abnormal)} of {len(machines)} machines {verb} attention"), html.Ul(items + rest)],
        className="attention",
    )


def by_machine(states: Sequence[SensorState]) -> dict[str, list[SensorState]]:
    """Machine id -> its sensors, ordered by machine id, then by the order of `labels.SENSORS`."""
    known = list(labels.SENSORS)
    place = {name: index for index, name in enumerate(known)}
    ordered = sorted(states, key=lambda row: (row.machine_id, place.get(row.sensor, len(known)), row.sensor))
    return {name: list(group) for name, group in groupby(ordered, key=lambda row: row.machine_id)}


def _link(machine_id: str, state: State, sensors: Sequence[SensorState]) -> Component:
    reason = f": {_describe_state(state, sensors)}"
    return html.A([_symbol(state), " ", html.Bdi(machine_id), reason], href=f"#{_anchor(machine_id)}")


def _describe_state(state: State, sensors: Sequence[SensorState]) -> str:
    if state == "silent":
        return f"no data since {labels.format_time(newest_sensor_minute(sensors))[:5]}"
    named = [labels.sensor_name(sensor.sensor).lower() for sensor in sensors if classify_sensor(sensor) == state]
    return f"{' and '.join(named)} {STATE_LABELS[state][1]}"


def _card(machine_id: str, sensors: Sequence[SensorState], state: State, lines: Mapping[str, Values]) -> Component:
    anchor = _anchor(machine_id)
    text = _describe_state(state, sensors) if state == "silent" else STATE_LABELS[state][1]
    header = html.Header(
        [
            html.H3(html.Bdi(machine_id, title=machine_id), id=f"{anchor}-name"),
            html.Span([_symbol(state), f" {text}"], className=f"chip {state}"),
        ]
    )
    table = html.Table(html.Tbody([_sensor_row(sensor, lines[sensor.sensor]) for sensor in sensors]))
    place = html.P(html.Bdi(sensors[0].place), className="place")
    return html.Article(
        [header, place, table],
        id=anchor,
        className=f"card {state}",
        tabIndex="-1",
        **hyphenated(aria_labelledby=f"{anchor}-name"),
    )


def _sensor_row(sensor: SensorState, values: Values) -> Component:
    state = classify_sensor(sensor)
    band, limits = both_edges(sensor.normal_low, sensor.normal_high), both_edges(sensor.limit_low, sensor.limit_high)
    line = html.Img(src=sparklines.line(values, band, limits), alt=_alt_text(sensor, values), className="spark")
    value = html.Span(labels.format_reading(sensor.sensor, sensor.average), className="strong")
    unit = html.Span(f" {labels.unit_name(sensor.unit)}", className="unit")
    return html.Tr(
        [
            html.Th(labels.sensor_name(sensor.sensor), scope="row"),
            html.Td(line, className="line"),
            html.Td([value, unit], className="number"),
            html.Td(
                [_symbol(state), screen_reader_only(STATE_LABELS[state][1])],
                className=f"state {state}",
                title=_describe_ranges(sensor),
            ),
        ]
    )


def _symbol(state: State) -> Component:
    return visual_only(STATE_LABELS[state][0], "mark")


def _alt_text(sensor: SensorState, values: Values) -> str:
    present = [value for value in values if value is not None] or [sensor.average]
    return f"Last hour: {_range(sensor, (min(present), max(present)))}. {_describe_ranges(sensor)}"


def _describe_ranges(sensor: SensorState) -> str:
    band, limits = both_edges(sensor.normal_low, sensor.normal_high), both_edges(sensor.limit_low, sensor.limit_high)
    parts = [f"{name}: {_range(sensor, span)}." for name, span in (("Normal", band), ("Limits", limits)) if span]
    return " ".join(parts) or "The normal range is not known yet."


def _range(sensor: SensorState, span: tuple[float, float]) -> str:
    low, high = (labels.format_reading(sensor.sensor, edge) for edge in span)
    return f"{low} to {high} {labels.unit_name(sensor.unit)}"


def _anchor(machine_id: str) -> str:
    return "machine-" + "".join(c if c.isascii() and c.isalnum() else f"_{ord(c):x}" for c in machine_id)
