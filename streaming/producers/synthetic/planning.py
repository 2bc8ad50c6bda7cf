"""From what was asked to who sends what: one plan per producer, with its clock and its count."""

import math
from dataclasses import dataclass, field

from streaming.errors import StreamingError
from streaming.producers.synthetic.config import GeneratorConfig
from streaming.producers.synthetic.event_time import DAY_MS, DailyTime, EvenTime
from streaming.producers.synthetic.feeds import FeedPlan, Pace
from streaming.producers.synthetic.injection import Mix
from streaming.settings import GeneratorSettings

TOPICS = {
    "posts": ("posts",),
    "machines": ("readings", "machine_events"),
    "events": ("machine_events",),
    "all": ("posts", "readings", "machine_events"),
}
"""What can be asked for, and the topics that it fills."""


class AskOtherwise(StreamingError):
    """The options contradict each other; ask otherwise."""


@dataclass(frozen=True)
class Request:
    """What was asked for. None means: not said. `start_ms` None: now."""

    what: str = "all"
    rate: float | None = None
    count: int | None = None
    minutes: float | None = None
    history_days: float | None = None
    is_unpaced: bool = False
    start_ms: int | None = None
    mix: Mix = field(default_factory=Mix)

    def check(self) -> None:
        """Raises AskOtherwise for options that exclude each other."""
        if self.mix.malformed + self.mix.duplicates + self.mix.late > 1:
            raise AskOtherwise("--malformed, --duplicates and --late together exceed 1: they are shares of all events")
        if self.history_days is not None and (self.minutes is not None or self.start_ms is not None or self.is_unpaced):
            raise AskOtherwise("--history ends now and takes its time: leave out --minutes, --start and --unpaced")
        if self.is_unpaced and self.count is None:
            raise AskOtherwise("--unpaced needs --count: without a pace there is no end")


def plan_feeds(
    request: Request, settings: GeneratorSettings, config: GeneratorConfig, now_ms: int
) -> list[list[FeedPlan]]:
    """One list per worker process: every producer of posts has its own, all machines share one.

    Raises:
        AskOtherwise: options that exclude each other.
    """
    request.check()
    workers = []
    if "posts" in TOPICS[request.what]:
        workers += [[feed] for feed in _plan_posts(request, settings, config, now_ms)]
    if "machine_events" in TOPICS[request.what]:
        workers.append(_plan_machines(request, settings, config, now_ms))
    return workers


def _plan_posts(request: Request, settings: GeneratorSettings, config: GeneratorConfig, now_ms: int) -> list[FeedPlan]:
    rate = request.rate or settings.posts_per_second
    if request.history_days is not None:
        rate = request.rate or config.parameters["history"]["posts_per_second"]
        if request.count is not None:
            rate = request.count / (request.history_days * 86_400)
    producers = settings.post_producers
    feeds = []
    for number in range(producers):
        pace, count = _pace(request, rate / producers, _part(request.count, producers, number), now_ms)
        if pace.is_daily:
            even = EvenTime(pace.start_ms, pace.per_second, 0)
            offset = config.offset_hours(pace.start_ms)
            count = DailyTime(even, config.parameters["posts"]["activity"], offset).count_until(now_ms)
        phase_ms = int(1000 * number / rate) if pace.is_paced else 0  # the producers take turns
        pace = Pace(pace.start_ms + phase_ms, pace.per_second, pace.is_paced, pace.is_daily)
        feeds.append(FeedPlan("posts", number, settings.seed, pace, count, request.mix, ("posts",)))
    return feeds


def _plan_machines(
    request: Request, settings: GeneratorSettings, config: GeneratorConfig, now_ms: int
) -> list[FeedPlan]:
    rate = request.rate if request.rate and request.what != "all" else settings.readings_per_second
    if request.history_days is not None:
        rate = 1 / config.parameters["history"]["reading_seconds"]
    topics = tuple(topic for topic in TOPICS[request.what] if topic != "posts")
    feeds = []
    for machine in range(1, settings.machines + 1):
        pace, count = _pace(request, rate, _part(request.count, settings.machines, machine - 1), now_ms)
        if pace.is_daily:
            count = EvenTime(pace.start_ms, rate, 0).count_until(now_ms)
        pace = Pace(pace.start_ms, pace.per_second, pace.is_paced)
        feeds.append(FeedPlan("machines", machine, settings.seed, pace, count, request.mix, topics))
    return feeds


def _pace(request: Request, per_second: float, count: int | None, now_ms: int) -> tuple[Pace, int | None]:
    """The clock of one producer and how many indexes it goes through (for a history: to be counted by its clock)."""
    if request.history_days is not None:
        return Pace(now_ms - int(request.history_days * DAY_MS), per_second, is_paced=False, is_daily=True), None
    if request.minutes is not None:
        most = math.ceil(request.minutes * 60 * per_second)
        count = most if count is None else min(count, most)
    if request.is_unpaced:  # the events' times end now, as if they had been sent at their rate
        start_ms = now_ms - int(1000 * (count or 0) / per_second) if request.start_ms is None else request.start_ms
        return Pace(start_ms, per_second, is_paced=False), count
    return Pace(now_ms if request.start_ms is None else request.start_ms, per_second), count


def _part(count: int | None, parts: int, number: int) -> int | None:
    return None if count is None else count // parts + (number < count % parts)
