"""Drain: posts are waiting in Kafka; each contender reads them all and ends. Start and end of its processes count too.

The product also reads the other two topics, which are empty, and writes its gold tables.
"""

from tests.benchmark.bench import CONTENDER, Bench, ContenderFailed, run_to_end
from tests.benchmark.contenders import CONTENDERS, make_contender
from tests.benchmark.machine import IDLE_SHARE
from tests.benchmark.order import order_contenders
from tests.benchmark.recount import find_differences
from tests.benchmark.results import Run
from tests.benchmark.targets import GIB


def run_drain(bench: Bench) -> None:
    """Every contender on the same waiting posts."""
    for number, name in enumerate(order_contenders(CONTENDERS, bench.scale.rounds)):
        bench.add(_run_once(bench, name, number))


def _run_once(bench: Bench, name: str, number: int) -> Run:
    posts = bench.scale.drain_posts
    journal = bench.installation.fill_topics(posts)
    is_busy = bench.wait_until_idle()
    with bench.installation.round(f"drain-{number}-{name}", journal=journal) as round_:
        contender = make_contender(name, bench.installation, round_)
        with bench.watch() as sampler:
            try:
                wall = run_to_end(contender, sampler)
            except ContenderFailed as failure:
                return Run("drain", name, {"records_per_cpu_second": 0.0}, (str(failure),), is_busy)
            used, other = sampler.read(), sampler.read_other_share()
        differences = find_differences(journal, contender.read_written())
    cpu = used.get(CONTENDER, 0.0)
    measures = {
        "records_per_cpu_second": posts / cpu,
        "records_per_second": posts / wall,
        "cpu_seconds": cpu,
        "wall_seconds": wall,
        "memory_gib": sampler.peak_bytes.get(CONTENDER, 0) / GIB,
        "broker_cpu_seconds": used.get("broker", 0.0),
        "database_cpu_seconds": used.get("database", 0.0),
    }
    return Run("drain", name, measures, tuple(differences), is_busy or other > IDLE_SHARE)
