"""What one producer sends, index by index, and the description from which a worker process makes it."""

from dataclasses import dataclass, field
from typing import Protocol

from streaming.producers.events import Event
from streaming.producers.synthetic.config import GeneratorConfig
from streaming.producers.synthetic.event_time import DailyTime, EvenTime
from streaming.producers.synthetic.injection import Mix
from streaming.producers.synthetic.machine_model import Machine
from streaming.producers.synthetic.machine_records import MACHINE_EVENTS, READINGS, MachineEvents, Readings
from streaming.producers.synthetic.posts import TOPIC, Posts, Time


@dataclass(frozen=True)
class Pace:
    """A run's clock. Unpaced: as fast as possible. `daily`: denser at the busy hours (posts of a history)."""

    start_ms: int
    per_second: float
    is_paced: bool = True
    is_daily: bool = False


@dataclass(frozen=True)
class FeedPlan:
    """One producer's share of a run. `number` is the producer (posts, from 0) or the machine (from 1)."""

    kind: str  # posts or machines
    number: int
    seed: int
    pace: Pace
    count: int | None = None  # indexes to go through; None: until stopped
    mix: Mix = field(default_factory=Mix)
    topics: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the producer, its cursor and its journal."""
        return f"posts-{self.number}" if self.kind == "posts" else f"machine-{self.number:02d}"


class Feed(Protocol):
    """Events by index; an index may have none."""

    def events(self, index: int) -> list[Event]: ...


class PostFeed:
    """Posts of one producer."""

    def __init__(self, plan: FeedPlan, config: GeneratorConfig, first: int) -> None:
        activity = config.parameters["posts"]["activity"]
        even = EvenTime(plan.pace.start_ms, plan.pace.per_second, first)
        offset = config.offset_hours(plan.pace.start_ms)
        time: Time = DailyTime(even, activity, offset) if plan.pace.is_daily else even
        self._posts = Posts(plan.seed, plan.number, config, offset)
        self._posts.start(time, plan.mix, first)

    def events(self, index: int) -> list[Event]:
        """One post."""
        return [self._posts.event(index)]


class MachineFeed:
    """Readings and events of one machine, or only one of the two."""

    def __init__(self, plan: FeedPlan, config: GeneratorConfig, first: int) -> None:
        machine = Machine(plan.seed, plan.name, config)
        # Machines do not all speak at the same instant: each has its own place in the interval.
        phase_ms = int(1000 / plan.pace.per_second * (plan.number * 0.618 % 1.0))
        time = EvenTime(plan.pace.start_ms - phase_ms, plan.pace.per_second, first)
        self._readings = Readings(plan.seed, machine, config) if READINGS in plan.topics else None
        self._notes = MachineEvents(plan.seed, machine, config) if MACHINE_EVENTS in plan.topics else None
        if self._readings is not None:
            self._readings.start(time, plan.mix, first)
        if self._notes is not None:
            self._notes.start(time, plan.mix, first)

    def events(self, index: int) -> list[Event]:
        """At most one reading, then what happened since the reading before."""
        reading = self._readings.event(index) if self._readings is not None else None
        notes = self._notes.events(index) if self._notes is not None else []
        return notes if reading is None else [reading, *notes]


def make_feed(plan: FeedPlan, config: GeneratorConfig, first: int) -> Feed:
    """The feed of a plan, going on at index `first`."""
    return PostFeed(plan, config, first) if plan.kind == "posts" else MachineFeed(plan, config, first)


POST_TOPICS = (TOPIC,)
