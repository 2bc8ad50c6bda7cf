"""Profile: where each microsecond of a record goes in the product, by threads of the kernel and by query.

A drain with Spark's event log switched on. Threads are read from /proc, so that the JVM is not slowed down.
"""

from tests.benchmark.bench import CONTENDER, Bench, ContenderFailed, run_to_end
from tests.benchmark.contenders import PRODUCT, Product
from tests.benchmark.event_log import read_query_seconds
from tests.benchmark.recount import find_differences
from tests.benchmark.report import Profile
from tests.benchmark.results import Run
from tests.benchmark.threads import ThreadSampler


def run_profile(bench: Bench) -> None:
    """One drain, whose result is the profile; its own speed is no figure, because the event log costs time."""
    posts = bench.scale.drain_posts
    journal = bench.installation.fill_topics(posts)
    bench.wait_until_idle()
    with bench.installation.round("profile", journal=journal) as round_:
        events = round_.folder / "events"
        events.mkdir()
        options = {"enabled": "true", "dir": events.as_uri(), "compress": "false", "rolling.enabled": "false"}
        words = " ".join(f"-Dspark.eventLog.{name}={value}" for name, value in options.items())
        product = Product(bench.installation, round_, {"JDK_JAVA_OPTIONS": words})
        with bench.watch() as sampler, ThreadSampler(lambda: sampler.roots.get(CONTENDER)) as threads:
            try:
                run_to_end(product, sampler)
            except ContenderFailed as failure:
                bench.add(Run("profile", PRODUCT, {"cpu_seconds": 0.0}, (str(failure),)))
                return
        differences = find_differences(journal, product.read_written())
        if differences:
            bench.add(Run("profile", PRODUCT, {"cpu_seconds": 0.0}, tuple(differences)))
            return
        queries, notes = read_query_seconds(events)
        bench.profile = Profile(posts, threads.read_parts(), queries, notes)
