"""The generator's machines: incidents as configured, sensors that follow load and wear, exact expected values."""

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from statistics import correlation, mean

import pytest

from streaming.producers.events import DUPLICATE, VALID, Event
from streaming.producers.synthetic.config import GeneratorConfig, read_generator_config
from streaming.producers.synthetic.event_time import TimeText
from streaming.producers.synthetic.incidents import FAILURE, MAINTENANCE, MINUTE_MS, Incident, Incidents
from streaming.producers.synthetic.injection import InjectionShares
from streaming.producers.synthetic.machine_model import SENSORS, Machine
from streaming.producers.synthetic.sources import MachineSource, Pace, SourcePlan

START_MS = 1_795_000_000_000 // 86_400_000 * 86_400_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
TOPICS = ("readings", "machine_events")


@pytest.fixture(scope="module")
def config() -> GeneratorConfig:
    return read_generator_config(Path(__file__).parents[2] / "conf")


def make_incidents(config: GeneratorConfig, machine_id: str = "machine-02") -> Incidents:
    model = config.machine(machine_id)["model"]
    return Incidents(7, machine_id, model, config.parameters["readings"])


def incidents_of(config: GeneratorConfig, days: int = 400) -> list[Incident]:
    incidents = make_incidents(config)
    first = START_MS // (960 * HOUR_MS) * 960 * HOUR_MS  # the start of a deck: ten slots of 96 hours
    return [incidents.at(first + day * DAY_MS + DAY_MS // 24) for day in range(0, days, 4)]


def make_events(
    config: GeneratorConfig,
    count: int,
    shares: InjectionShares | None = None,
    number: int = 1,
    per_second: float = 1.0,
    topics: tuple[str, ...] = TOPICS,
    first: int = 0,
) -> list[Event]:
    plan = SourcePlan(
        "machines",
        number,
        7,
        Pace(START_MS + 14 * HOUR_MS, per_second),
        shares=shares or InjectionShares(),
        topics=topics,
    )
    source = MachineSource(plan, config, first)
    return [event for index in range(first, first + count) for event in source.events(index)]


def test_at_least_a_fifth_of_the_failures_come_without_warning(config: GeneratorConfig) -> None:
    kinds = Counter(incident.kind for incident in incidents_of(config))
    assert kinds["sudden"] / (kinds["sudden"] + kinds["warned"]) == pytest.approx(2 / 7)
    assert kinds == {"warned": 50, "sudden": 20, "inspected": 10, "planned": 10, "quiet": 10}


def test_wear_grows_only_before_warned_failures_and_inspections(config: GeneratorConfig) -> None:
    for incident in incidents_of(config):
        ramp = incident.at - incident.ramp_from
        wear = [incident.wear(incident.ramp_from + ramp * part // 10) for part in range(11)]
        if incident.kind in ("warned", "inspected"):
            assert all(one < other for one, other in pairwise(wear[:10]))
            assert wear[9] == pytest.approx(0.81 if incident.kind == "warned" else 0.405, rel=0.01)
        else:
            assert not any(wear)
        assert incident.wear(incident.at) == 0.0


def test_a_failure_is_an_event_and_its_repair_another_one_at_the_end_of_the_downtime(config: GeneratorConfig) -> None:
    incidents = make_incidents(config)
    broken = next(incident for incident in incidents_of(config) if incident.kind == "sudden")
    occurrences = [
        occurrence for occurrence in incidents.occurrences(broken.at - 1, broken.until) if not occurrence.is_routine
    ]
    assert [(occurrence.at, occurrence.kind) for occurrence in occurrences] == [
        (broken.at, FAILURE),
        (broken.until, MAINTENANCE),
    ]


def test_occurrences_of_adjacent_spans_are_those_of_the_whole_span(config: GeneratorConfig) -> None:
    incidents = make_incidents(config, "machine-10")
    whole = incidents.occurrences(START_MS, START_MS + 6 * HOUR_MS)
    parts = [
        occurrence
        for start in range(START_MS, START_MS + 6 * HOUR_MS, 30_000)
        for occurrence in incidents.occurrences(start, start + 30_000)
    ]
    assert parts == whole
    assert incidents.occurrences(START_MS, whole[3].at) + incidents.occurrences(whole[3].at, whole[9].at) == whole[:10]
    assert len(whole) > 40


def test_a_broken_machine_is_off(config: GeneratorConfig) -> None:
    machine = Machine(7, "machine-01", config)
    incidents = [machine.incidents.at(START_MS + day * DAY_MS) for day in range(60)]
    broken = next(incident for incident in incidents if incident.kind == "warned")
    assert machine.minute(broken.at - 90 * MINUTE_MS).is_on  # three shifts: it runs around the clock
    assert not machine.minute(broken.at + 2 * MINUTE_MS).is_on


def test_wear_shows_in_the_sensors_of_its_mode(config: GeneratorConfig) -> None:
    machine = Machine(7, "machine-01", config)
    broken = next(
        incident
        for day in range(400)
        if (incident := machine.incidents.at(START_MS + day * DAY_MS)).kind == "warned" and incident.mode == "bearing"
    )
    assert machine.minute(broken.at - 3 * MINUTE_MS).factors["vibration_mm_s"] > 2.5
    assert machine.minute(broken.ramp_from - 3 * MINUTE_MS).factors == {}


def test_all_sensors_follow_the_load(config: GeneratorConfig) -> None:
    machine = Machine(7, "machine-02", config)  # two shifts of three
    times = range(START_MS, START_MS + 2 * DAY_MS, 5 * MINUTE_MS)
    loads = [machine.minute(at_ms).load for at_ms in times]
    readings = [machine.read_sensors(at_ms, tuple(hash((at_ms, n)) & 0xFFFFFFFF for n in range(6))) for at_ms in times]
    for column, sensor in enumerate(SENSORS):
        assert correlation(loads, [reading[column] for reading in readings]) > 0.8, sensor


def test_a_machine_is_off_outside_its_shifts(config: GeneratorConfig) -> None:
    machine = Machine(7, "machine-07", config)  # morning only: 06:00 to 14:00 in Sao Paulo, 09:00 to 17:00 UTC
    running = [hour for hour in range(24) if machine.minute(START_MS + hour * HOUR_MS + 7 * MINUTE_MS).is_on]
    assert running == list(range(9, 17))


def test_healthy_readings_stay_within_the_limits(config: GeneratorConfig) -> None:
    for machine_id, entry in config.factory["machines"].items():
        machine = Machine(7, machine_id, config)
        limits = config.factory["models"][entry["model"]]["limits"] | entry.get("limits", {})
        for at_ms in range(START_MS, START_MS + DAY_MS, 17 * MINUTE_MS):
            if not machine.minute(at_ms).factors:
                values = machine.read_sensors(at_ms, (2**31, 2**31 + 1, 2**30, 2**30 + 7, 5, 6))
                for sensor, value in zip(SENSORS, values, strict=True):
                    assert limits[sensor][0] <= value <= limits[sensor][1], (machine_id, sensor)


def test_the_same_index_gives_the_same_reading_and_no_id_is_used_twice(config: GeneratorConfig) -> None:
    events = make_events(config, 300)
    assert events == make_events(config, 300)
    assert {event.id for event in events}.isdisjoint(event.id for event in make_events(config, 300, first=300))


def test_expected_values_are_those_of_the_record(config: GeneratorConfig) -> None:
    for event in make_events(config, 200, topics=("readings",)):
        assert event.expected is not None
        assert event.value is not None
        fields = json.loads(event.value)
        assert {sensor: float(text) for sensor, text in event.expected["values"].items()} == {
            sensor: fields[sensor] for sensor in SENSORS
        }
        assert event.expected["minute"] == fields["measured_at"][:16] + ":00Z"


def test_readings_are_sent_at_their_pace_and_never_measured_in_the_future(config: GeneratorConfig) -> None:
    iso = TimeText()
    events = make_events(
        config, 100, number=5, topics=("readings",)
    )  # the machine with the smallest phase in its interval
    for index, event in enumerate(events):
        measured_at = json.loads(event.value or b"")["measured_at"]
        sent_at = START_MS + 14 * HOUR_MS + index * 1_000
        assert iso.text(sent_at - 1_000) < measured_at <= iso.text(sent_at)


def test_the_injection_shares_of_readings(config: GeneratorConfig) -> None:
    events = make_events(config, 4_000, InjectionShares(0.05, 0.05, 0.05), topics=("readings",))
    verdicts = Counter(event.verdict for event in events)
    assert verdicts[DUPLICATE] == pytest.approx(200, rel=0.3)
    assert sum(event.late for event in events) == pytest.approx(200, rel=0.3)
    assert sum(verdicts.values()) - verdicts[VALID] - verdicts[DUPLICATE] == pytest.approx(200, rel=0.02)
    valid = Counter(event.id for event in events if event.verdict == VALID)
    assert set(valid.values()) == {1}


def test_a_slow_machine_duplicates_nothing_older_than_the_deduplication_horizon(config: GeneratorConfig) -> None:
    events = make_events(config, 500, InjectionShares(duplicates=0.5), per_second=1 / 300, topics=("readings",))
    assert events
    assert not any(event.verdict == DUPLICATE for event in events)


def test_a_machine_has_gaps_in_its_readings_but_not_in_its_events(config: GeneratorConfig) -> None:
    events = make_events(config, 7_200, number=10)
    readings = [event for event in events if event.topic == "readings"]
    assert 6_000 < len(readings) < 7_200
    assert mean(event.verdict == VALID for event in readings) == 1
    kinds = Counter(event.expected["kind"] for event in events if event.topic == "machine_events" and event.expected)
    assert kinds["failure"] > 10
    assert kinds["maintenance"] > 10


def test_the_injection_shares_of_machine_events(config: GeneratorConfig) -> None:
    events = make_events(config, 40_000, InjectionShares(0.3, 0.3, 0.1), number=10, topics=("machine_events",))
    verdicts = Counter(event.verdict for event in events)
    assert verdicts[DUPLICATE] == pytest.approx(0.3 * (len(events) / 1.35), rel=0.4)
    assert {"malformed", "bad_time", "missing_field"} <= set(verdicts)
    assert any(event.late for event in events)


def test_a_machine_that_is_not_in_machines_yaml_works_too(config: GeneratorConfig) -> None:
    events = make_events(config, 20, number=99)
    assert {event.key for event in events} == {b"machine-99"}
