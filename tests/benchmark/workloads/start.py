"""Start: how long the product takes to start on a lake that has data, and to find that nothing is waiting."""

from tests.benchmark.bench import Bench, ContenderFailed, run_to_end, start_running
from tests.benchmark.contenders import PRODUCT, Product
from tests.benchmark.recount import find_differences
from tests.benchmark.results import Run

_POSTS = 2000
"""In the lake before the first measured start."""


def run_start(bench: Bench) -> None:
    """A first drain fills the lake and is not measured; then starts and empty drains take turns."""
    journal = bench.installation.fill_topics(_POSTS)
    with bench.installation.round("start", journal=journal) as round_:
        product = Product(bench.installation, round_)
        try:
            with bench.watch() as sampler:
                run_to_end(product, sampler)
            for _ in range(bench.scale.starts):
                is_busy = bench.wait_until_idle()
                with bench.watch() as sampler:
                    until_running = start_running(product, sampler)
                    product.stop()
                    nothing_waiting = run_to_end(product, sampler)
                measures = {"until_running_seconds": until_running, "nothing_waiting_seconds": nothing_waiting}
                differences = find_differences(journal, product.read_written())
                bench.add(Run("start", PRODUCT, measures, tuple(differences), is_busy))
        except ContenderFailed as failure:
            bench.add(Run("start", PRODUCT, {"until_running_seconds": 0.0}, (str(failure),)))
