"""How large a run of the benchmark is: with --quick twenty minutes, else some hours."""

import os
from dataclasses import dataclass, replace

SMALLER = "BENCHMARK_SCALE"
"""Environment variable for tests of the benchmark itself: a factor below 1 for all sizes and times. Figures of such a
run mean nothing; the report says so."""


@dataclass(frozen=True)
class Scale:
    """Sizes of the workloads.

    `latency_seconds` is measured after `warm_up_seconds`; `long_seconds` is the same for the highest rate.
    `compared_rates`: posts per second at which the baselines run too. `rounds`: how often the sequence of contenders
    is run forth and back; 0: only once, with the product before and after the baselines. `catch_up_seconds`: time for
    a contender to read what is left when the generator has ended, then it gets no number.
    """

    rates: tuple[int, ...]
    compared_rates: tuple[int, ...]
    rounds: int
    starts: int
    drain_posts: int
    warm_up_seconds: float
    latency_seconds: float
    long_seconds: float
    catch_up_seconds: float
    idle_wait_seconds: float
    factor: float = 1.0


QUICK = Scale(
    rates=(100, 2000),
    compared_rates=(100,),
    rounds=0,
    starts=1,
    drain_posts=200_000,
    warm_up_seconds=30,
    latency_seconds=45,
    long_seconds=90,
    catch_up_seconds=90,
    idle_wait_seconds=20,
)
FULL = Scale(
    rates=(100, 1000, 2000),
    compared_rates=(100, 1000, 2000),
    rounds=2,
    starts=5,
    drain_posts=2_000_000,
    warm_up_seconds=60,
    latency_seconds=180,
    long_seconds=300,
    catch_up_seconds=600,
    idle_wait_seconds=900,
)


def read_scale(is_quick: bool) -> Scale:
    """The scale of a run, made smaller by the environment variable `SMALLER`."""
    scale, factor = QUICK if is_quick else FULL, float(os.environ.get(SMALLER, "1"))
    if factor >= 1:
        return scale
    return replace(
        scale,
        factor=factor,
        starts=1,
        drain_posts=max(2000, int(scale.drain_posts * factor)),
        warm_up_seconds=max(8.0, scale.warm_up_seconds * factor),
        latency_seconds=max(10.0, scale.latency_seconds * factor),
        long_seconds=max(10.0, scale.long_seconds * factor),
        idle_wait_seconds=scale.idle_wait_seconds * factor,
    )
