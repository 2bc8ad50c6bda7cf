"""Latency: posts and readings arrive at a steady rate; how long until each is visible in PostgreSQL?

The product runs all its queries and reads all topics; the baselines read posts only, which is in their favour.
"""

import time
from datetime import UTC, datetime

from streaming.local.lag_sampler import LagSampler
from streaming.local.latency import compute_lag_slope
from streaming.local.processes import stop_process, wait_until
from tests.benchmark.bench import CONTENDER, GENERATOR, Bench, ContenderFailed, start_running
from tests.benchmark.contenders import CONTENDERS, PRODUCT, Contender, make_contender
from tests.benchmark.cpu import CpuSampler
from tests.benchmark.installation import Round
from tests.benchmark.machine import IDLE_SHARE
from tests.benchmark.order import order_contenders
from tests.benchmark.recount import find_differences, sum_journal
from tests.benchmark.results import Run
from tests.benchmark.targets import GIB
from tests.benchmark.visibility import read_latencies

_MACHINES = {2000: 15}
_OTHER_MACHINES = 10
_POLL_SECONDS = 1.0


def run_latency(bench: Bench) -> None:
    """Every rate: with the baselines where the scale says so, else the product alone."""
    for rate in bench.scale.rates:
        contenders = CONTENDERS if rate in bench.scale.compared_rates else (PRODUCT,)
        for number, name in enumerate(order_contenders(contenders, bench.scale.rounds)):
            bench.add(_run_once(bench, name, rate, number))


def _run_once(bench: Bench, name: str, rate: int, number: int) -> Run:
    is_busy = bench.wait_until_idle()
    bench.installation.empty_topics()
    machines = _MACHINES.get(rate, _OTHER_MACHINES)
    with bench.installation.round(f"latency-{rate}-{number}-{name}", machines) as round_:
        contender = make_contender(name, bench.installation, round_)
        with bench.watch() as sampler:
            try:
                measures, differences = _measure(bench, contender, sampler, round_, rate)
            except ContenderFailed as failure:
                measures, differences = {}, [str(failure)]
            finally:
                contender.stop()
            is_busy = is_busy or sampler.read_other_share() > IDLE_SHARE
        if not differences:
            differences = find_differences(round_.journal, contender.read_written())
    return Run(f"latency {rate}/s", name, measures or {"p50_seconds": 0.0}, tuple(differences), is_busy)


def _measure(
    bench: Bench, contender: Contender, sampler: CpuSampler, round_: Round, rate: int
) -> tuple[dict[str, float], list[str]]:
    """Runs contender and generator; returns measures and what went wrong."""
    start_running(contender, sampler)
    lag = LagSampler(round_.settings.kafka, bench.installation.owner_url, sampler.roots[CONTENDER])
    lag.start()
    try:
        since, used = _generate(bench, sampler, round_, rate)
        if not _catch_up(bench, contender, round_):
            return {}, [f"it had not caught up {bench.scale.catch_up_seconds:.0f} s after the last post"]
    finally:
        lag.stop()
    latencies = read_latencies(round_.journal, contender.read_commits(), since)
    if "posts" not in latencies:
        return {}, ["no post of the measured time is visible"]
    measures = {"p50_seconds": latencies["posts"].p50_seconds, "p99_seconds": latencies["posts"].p99_seconds}
    if "readings" in latencies:
        readings = latencies["readings"]
        measures |= {"readings_p50_seconds": readings.p50_seconds, "readings_p99_seconds": readings.p99_seconds}
        slope = compute_lag_slope([sample for sample in lag.samples if sample.at >= since.timestamp()])
        measures |= {} if slope is None else {"lag_slope": slope}
    return measures | used | {"memory_gib": sampler.peak_bytes.get(CONTENDER, 0) / GIB}, []


def _generate(bench: Bench, sampler: CpuSampler, round_: Round, rate: int) -> tuple[datetime, dict[str, float]]:
    """Runs the generator to its end; returns when the measured time began, and the processor time in it."""
    seconds = bench.scale.long_seconds if rate == max(bench.scale.rates) else bench.scale.latency_seconds
    minutes = (bench.scale.warm_up_seconds + seconds) / 60
    words = ["all", "--rate", str(rate), "--minutes", f"{minutes:.4f}"]
    overrides = [f"generator.journal={round_.journal}", f"generator.machines={round_.settings.generator.machines}"]
    generator = bench.installation.start_generator(words, overrides, round_.name)
    sampler.add(GENERATOR, generator.pid)
    try:
        time.sleep(bench.scale.warm_up_seconds)
        since, before, began = datetime.now(UTC), sampler.read(), time.monotonic()
        generator.wait(seconds + 120)
        after, wall = sampler.read(), time.monotonic() - began
    finally:
        stop_process(generator, 10)
    used = {owner: after.get(owner, 0.0) - before.get(owner, 0.0) for owner in after}
    measures = {f"{owner}_cpu_seconds": used.get(owner, 0.0) for owner in ("broker", "database", GENERATOR)}
    return since, {"cpu_cores": used.get(CONTENDER, 0.0) / wall, **measures}


def _catch_up(bench: Bench, contender: Contender, round_: Round) -> bool:
    expected = sum_journal(round_.journal)

    def has_all() -> bool:
        return contender.sum_counts() >= expected.counted and min(contender.count_layers().values()) >= expected.posts

    return wait_until(has_all, bench.scale.catch_up_seconds, _POLL_SECONDS)
