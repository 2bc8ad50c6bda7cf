"""What one producer sends, index by index, and the picklable plan from which a worker process makes it."""

from dataclasses import dataclass, field
from typing import Protocol

from streaming.producers.events import Event
from streaming.producers.synthetic.config import GeneratorConfig
from streaming.producers.synthetic.event_time import DailyTime, EvenTime, EventTime
from streaming.producers.synthetic.injection import InjectionShares
from streaming.producers.synthetic.machine_model import Machine
from streaming.producers.synthetic.machine_records import MACHINE_EVENTS, READINGS, MachineEvents, Readings
from streaming.producers.synthetic.posts import Posts


@dataclass(frozen=True)
class Pace:
    """The event times of a run and whether to wait for them.

    Paced: an event is sent at its event time; else as fast as possible. `is_daily`: more posts in the busy hours.
    """

    start_ms: int
    per_second: float
    is_paced: bool = True
    is_daily: bool = False


@dataclass(frozen=True)
class SourcePlan:
    """What one producer sends in a run. `number` counts producers of posts (from 0) or machines (from 1)."""

    kind: str  # posts or machines
    number: int
    seed: int
    pace: Pace
    count: int | None = None  # of indexes; None: until stopped
    shares: InjectionShares = field(default_factory=InjectionShares)
    topics: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name in logs and in the file names of the cursor and the journal."""
        return f"posts-{self.number}" if self.kind == "posts" else f"machine-{self.number:02d}"


class SyntheticSource(Protocol):
    """Events by index."""

    def events(self, index: int) -> list[Event]:
        """The events at an index, in the order of sending; there may be none."""


class PostSource:
    """The posts of one producer."""

    def __init__(self, plan: SourcePlan, config: GeneratorConfig, first: int) -> None:
        activity = config.parameters["posts"]["activity"]
        even = EvenTime(plan.pace.start_ms, plan.pace.per_second, first)
        offset = config.utc_offset_hours(plan.pace.start_ms)
        time: EventTime = DailyTime(even, activity, offset) if plan.pace.is_daily else even
        self._posts = Posts(plan.seed, plan.number, config, offset)
        self._posts.start(time, plan.shares, first)

    def events(self, index: int) -> list[Event]:
        """The post at an index."""
        return [self._posts.event(index)]


class MachineSource:
    """The readings and machine events of one machine, as far as `plan.topics` names them."""

    def __init__(self, plan: SourcePlan, config: GeneratorConfig, first: int) -> None:
        machine = Machine(plan.seed, plan.name, config)
        # Each machine has its own phase in the interval, so that they do not all send at the same moment.
        phase_ms = int(1000 / plan.pace.per_second * (plan.number * 0.618 % 1.0))
        time = EvenTime(plan.pace.start_ms - phase_ms, plan.pace.per_second, first)
        self._readings = Readings(plan.seed, machine, config) if READINGS in plan.topics else None
        self._events = MachineEvents(plan.seed, machine, config) if MACHINE_EVENTS in plan.topics else None
        if self._readings is not None:
            self._readings.start(time, plan.shares, first)
        if self._events is not None:
            self._events.start(time, plan.shares, first)

    def events(self, index: int) -> list[Event]:
        """At most one reading, then the machine events since the index before."""
        reading = self._readings.event(index) if self._readings is not None else None
        machine_events = self._events.events(index) if self._events is not None else []
        return machine_events if reading is None else [reading, *machine_events]


def make_source(plan: SourcePlan, config: GeneratorConfig, first: int) -> SyntheticSource:
    """The source of a plan; its run begins at index `first`."""
    return PostSource(plan, config, first) if plan.kind == "posts" else MachineSource(plan, config, first)
