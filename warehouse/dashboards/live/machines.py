"""The machine section: one card per machine with its sensors, and one sentence about those that need a look."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby

from dash import html
from dash.development.base_component import Component

from warehouse.dashboards import labels
from warehouse.dashboards.elements import also, heard, unspoken
from warehouse.dashboards.live import sparklines
from warehouse.dashboards.live.figures import minute_axis
from warehouse.dashboards.live.machine_status import ORDER, State, judge_machine, judge_sensor, newest_of, span_of
from warehouse.dashboards.live.rows import SensorMinute, SensorState

WORDS: Mapping[State, tuple[str, str]] = {  # a mark and words, so that colour is never the only sign
    "above": ("▲", "above limit"),
    "below": ("▼", "below limit"),
    "unusual": ("◆", "unusual"),
    "silent": ("◌", "silent"),
    "normal": ("✓", "normal"),
}
NAMED = 8  # machines that the sentence on top names; the rest is counted

Values = Sequence[float | None]


def render_machines(states: Sequence[SensorState], minutes: Sequence[SensorMinute]) -> Component:
    """A card per machine, always in the order of their names."""
    if not states:
        return html.P("No machine has sent a reading yet.", className="nothing")
    newest = newest_of(states)
    averages: dict[tuple[str, str], dict[datetime, float]] = {}
    for row in minutes:
        averages.setdefault((row.machine_id, row.sensor), {})[row.minute] = row.average
    cards = []
    for machine_id, sensors in by_machine(states).items():
        of_sensor = {sensor.sensor: averages.get((machine_id, sensor.sensor), {}) for sensor in sensors}
        lines = {name: [line.get(minute) for minute in minute_axis(newest)] for name, line in of_sensor.items()}
        cards.append(_card(machine_id, sensors, judge_machine(sensors, newest), lines))
    return html.Div(cards, className="cards")


def render_attention(states: Sequence[SensorState]) -> Component:
    """Which machines need a look, in one line."""
    if not states:
        return html.P("", className="attention")
    machines = by_machine(states)
    judged = [(name, judge_machine(sensors, newest_of(states)), sensors) for name, sensors in machines.items()]
    odd = sorted((item for item in judged if item[1] != "normal"), key=lambda item: ORDER.index(item[1]))
    if not odd:
        text = f" All {len(machines)} machines run within their limits."
        return html.P([unspoken("✓", "mark"), text], className="attention normal")
    items = [html.Li(_link(name, state, sensors), className=state) for name, state, sensors in odd[:NAMED]]
    rest = [html.Li(f"and {len(odd) - NAMED} more")] if len(odd) > NAMED else []
    verb = "needs" if len(odd) == 1 else "need"
    return html.Div(
        [html.P(f"{len(odd)} of {len(machines)} machines {verb} a look"), html.Ul(items + rest)], className="attention"
    )


def by_machine(states: Sequence[SensorState]) -> dict[str, list[SensorState]]:
    """machine -> its sensors, machines in the order of their names."""
    known = list(labels.SENSORS)
    place = {name: index for index, name in enumerate(known)}
    ordered = sorted(states, key=lambda row: (row.machine_id, place.get(row.sensor, len(known)), row.sensor))
    return {name: list(group) for name, group in groupby(ordered, key=lambda row: row.machine_id)}


def _link(machine_id: str, state: State, sensors: Sequence[SensorState]) -> Component:
    why = f": {_why(state, sensors)}"
    return html.A([_mark(state), " ", html.Bdi(machine_id), why], href=f"#{_anchor(machine_id)}")


def _why(state: State, sensors: Sequence[SensorState]) -> str:
    if state == "silent":
        return f"silent since {labels.clock(newest_of(sensors))[:5]}"
    named = [labels.sensor_name(sensor.sensor).lower() for sensor in sensors if judge_sensor(sensor) == state]
    return f"{' and '.join(named)} {WORDS[state][1]}"


def _card(machine_id: str, sensors: Sequence[SensorState], state: State, lines: Mapping[str, Values]) -> Component:
    anchor = _anchor(machine_id)
    text = _why(state, sensors) if state == "silent" else WORDS[state][1]
    header = html.Header(
        [
            html.H3(html.Bdi(machine_id, title=machine_id), id=f"{anchor}-name"),
            html.Span([_mark(state), f" {text}"], className=f"chip {state}"),
        ]
    )
    table = html.Table(html.Tbody([_sensor_row(sensor, lines[sensor.sensor]) for sensor in sensors]))
    place = html.P(html.Bdi(sensors[0].place), className="place")
    return html.Article(
        [header, place, table],
        id=anchor,
        className=f"card {state}",
        tabIndex="-1",
        **also(aria_labelledby=f"{anchor}-name"),
    )


def _sensor_row(sensor: SensorState, values: Values) -> Component:
    state = judge_sensor(sensor)
    band, limits = span_of(sensor.normal_low, sensor.normal_high), span_of(sensor.limit_low, sensor.limit_high)
    line = html.Img(src=sparklines.line(values, band, limits), alt=_spoken(sensor, values), className="spark")
    value = html.Span(labels.reading(sensor.sensor, sensor.average), className="strong")
    unit = html.Span(f" {labels.unit_name(sensor.unit)}", className="unit")
    return html.Tr(
        [
            html.Th(labels.sensor_name(sensor.sensor), scope="row"),
            html.Td(line, className="line"),
            html.Td([value, unit], className="number"),
            html.Td([_mark(state), heard(WORDS[state][1])], className=f"state {state}", title=_explain(sensor)),
        ]
    )


def _mark(state: State) -> Component:
    return unspoken(WORDS[state][0], "mark")


def _spoken(sensor: SensorState, values: Values) -> str:
    present = [value for value in values if value is not None] or [sensor.average]
    return f"Last hour: {_range(sensor, (min(present), max(present)))}. {_explain(sensor)}"


def _explain(sensor: SensorState) -> str:
    band, limits = span_of(sensor.normal_low, sensor.normal_high), span_of(sensor.limit_low, sensor.limit_high)
    parts = [f"{name}: {_range(sensor, span)}." for name, span in (("Normal", band), ("Limits", limits)) if span]
    return " ".join(parts) or "What is normal is not known yet."


def _range(sensor: SensorState, span: tuple[float, float]) -> str:
    low, high = (labels.reading(sensor.sensor, edge) for edge in span)
    return f"{low} to {high} {labels.unit_name(sensor.unit)}"


def _anchor(machine_id: str) -> str:
    return "machine-" + "".join(c if c.isascii() and c.isalnum() else f"_{ord(c):x}" for c in machine_id)
