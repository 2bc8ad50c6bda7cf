"""From the options of `generate` to one plan per producer: its event times and its number of indexes."""

import math
from dataclasses import dataclass, field

from streaming.errors import StreamingError
from streaming.producers.synthetic.config import GeneratorConfig
from streaming.producers.synthetic.event_time import DAY_MS, DailyTime, EvenTime
from streaming.producers.synthetic.injection import InjectionShares
from streaming.producers.synthetic.sources import Pace, SourcePlan
from streaming.settings import GeneratorSettings

TOPICS = {
    "posts": ("posts",),
    "machines": ("readings", "machine_events"),
    "events": ("machine_events",),
    "all": ("posts", "readings", "machine_events"),
}
"""The values of the argument `what`, and the topics that each one writes to."""


class ChangeOptions(StreamingError):
    """The options contradict each other; change them."""


@dataclass(frozen=True)
class Request:
    """The options of a run; None: not given. `rate` is posts per second, or readings per second and machine.

    `start_ms` is the first event time (milliseconds since 1970), without it now.
    """

    what: str = "all"
    rate: float | None = None
    count: int | None = None
    minutes: float | None = None
    history_days: float | None = None
    is_unpaced: bool = False
    start_ms: int | None = None
    shares: InjectionShares = field(default_factory=InjectionShares)

    def check(self) -> None:
        """Checks the options together.

        Raises:
            ChangeOptions: options that exclude each other.
        """
        if self.shares.malformed + self.shares.duplicates + self.shares.late > 1:
            raise ChangeOptions("--malformed, --duplicates and --late together exceed 1: they are shares of all events")
        if self.history_days is not None and (self.minutes is not None or self.start_ms is not None or self.is_unpaced):
            raise ChangeOptions("--history sets start, end and pace: leave out --minutes, --start and --unpaced")
        if self.is_unpaced and self.count is None:
            raise ChangeOptions("--unpaced needs --count: without it the run would fill the topics without end")


def plan_sources(
    request: Request, settings: GeneratorSettings, config: GeneratorConfig, now_ms: int
) -> list[list[SourcePlan]]:
    """One list per worker process: each producer of posts has its own process, all machines share one.

    Raises:
        ChangeOptions: options that exclude each other.
    """
    request.check()
    workers = []
    if "posts" in TOPICS[request.what]:
        workers += [[plan] for plan in _plan_posts(request, settings, config, now_ms)]
    if "machine_events" in TOPICS[request.what]:
        workers.append(_plan_machines(request, settings, config, now_ms))
    return workers


def _plan_posts(
    request: Request, settings: GeneratorSettings, config: GeneratorConfig, now_ms: int
) -> list[SourcePlan]:
    rate = request.rate or settings.posts_per_second
    if request.history_days is not None:
        rate = request.rate or config.parameters["history"]["posts_per_second"]
        if request.count is not None:
            rate = request.count / (request.history_days * 86_400)
    producers = settings.post_producers
    plans = []
    for number in range(producers):
        pace, count = _make_pace(request, rate / producers, _share_count(request.count, producers, number), now_ms)
        if pace.is_daily:
            even = EvenTime(pace.start_ms, pace.per_second, 0)
            offset = config.utc_offset_hours(pace.start_ms)
            count = DailyTime(even, config.parameters["posts"]["activity"], offset).count_until(now_ms)
        phase_ms = int(1000 * number / rate) if pace.is_paced else 0  # the producers take turns
        pace = Pace(pace.start_ms + phase_ms, pace.per_second, pace.is_paced, pace.is_daily)
        plans.append(SourcePlan("posts", number, settings.seed, pace, count, request.shares, ("posts",)))
    return plans


def _plan_machines(
    request: Request, settings: GeneratorSettings, config: GeneratorConfig, now_ms: int
) -> list[SourcePlan]:
    rate = request.rate if request.rate and request.what != "all" else settings.readings_per_second
    if request.history_days is not None:
        rate = 1 / config.parameters["history"]["reading_seconds"]
    topics = tuple(topic for topic in TOPICS[request.what] if topic != "posts")
    plans = []
    for machine in range(1, settings.machines + 1):
        pace, count = _make_pace(request, rate, _share_count(request.count, settings.machines, machine - 1), now_ms)
        if pace.is_daily:
            count = EvenTime(pace.start_ms, rate, 0).count_until(now_ms)
        pace = Pace(pace.start_ms, pace.per_second, pace.is_paced)
        plans.append(SourcePlan("machines", machine, settings.seed, pace, count, request.shares, topics))
    return plans


def _make_pace(request: Request, per_second: float, count: int | None, now_ms: int) -> tuple[Pace, int | None]:
    """The pace of one producer and its number of indexes (None for a history: its event times decide)."""
    if request.history_days is not None:
        return Pace(now_ms - int(request.history_days * DAY_MS), per_second, is_paced=False, is_daily=True), None
    if request.minutes is not None:
        limit = math.ceil(request.minutes * 60 * per_second)
        count = limit if count is None else min(count, limit)
    if request.is_unpaced:  # the event times end now, as if the events had been sent at their rate
        start_ms = now_ms - int(1000 * (count or 0) / per_second) if request.start_ms is None else request.start_ms
        return Pace(start_ms, per_second, is_paced=False), count
    return Pace(now_ms if request.start_ms is None else request.start_ms, per_second), count


def _share_count(count: int | None, parts: int, number: int) -> int | None:
    """Producer `number` of `parts` gets its share of `count`, the remainder goes to the first ones."""
    return None if count is None else count // parts + (number < count % parts)
