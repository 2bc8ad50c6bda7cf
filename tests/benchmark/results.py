"""From runs to figures: the median of a measure with minimum and maximum, and ratios of product and baselines.

A contender whose recount differs in one run gets no number at all, in no measure of that workload.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Run:
    """One contender once through one workload.

    `differences`: sentences of the recount and of what else went wrong; any makes the run's numbers void. `is_busy`:
    other programs used the machine before or during the run.
    """

    workload: str
    contender: str
    measures: dict[str, float]
    differences: tuple[str, ...] = ()
    is_busy: bool = False


@dataclass(frozen=True)
class Figure:
    """One measure of one contender over all its runs; without `values` there is no number, and `problem` says why."""

    workload: str
    contender: str
    measure: str
    values: tuple[float, ...]
    is_busy: bool = False
    problem: str = ""

    @property
    def median(self) -> float | None:
        """None without a number."""
        return median(self.values) if self.values else None


@dataclass(frozen=True)
class Ratio:
    """How many times better the product is than a baseline, by the medians.

    `lowest` and `highest` are the extremes that any pair of runs gives.
    """

    workload: str
    baseline: str
    measure: str
    value: float | None
    lowest: float | None
    highest: float | None
    is_busy: bool = False


def make_figures(runs: Sequence[Run]) -> list[Figure]:
    """One figure per workload, contender and measure, in the order of the runs."""
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.workload, run.contender), []).append(run)
    return [figure for group in groups.values() for figure in _summarise(group)]


def _summarise(group: list[Run]) -> Iterable[Figure]:
    problem = next((difference for run in group for difference in run.differences), "")
    is_busy = any(run.is_busy for run in group)
    for measure in dict.fromkeys(name for run in group for name in run.measures):
        values = () if problem else tuple(run.measures[measure] for run in group if measure in run.measures)
        yield Figure(group[0].workload, group[0].contender, measure, values, is_busy, problem)


def find_figure(figures: Iterable[Figure], workload: str, contender: str, measure: str) -> Figure | None:
    """That figure, if it was measured."""
    wanted = (workload, contender, measure)
    return next((f for f in figures if (f.workload, f.contender, f.measure) == wanted), None)


def make_ratio(product: Figure, baseline: Figure, *, is_less_better: bool) -> Ratio:
    """Baseline / product where less is better, else product / baseline: above 1 the product is better."""
    above, below = (baseline, product) if is_less_better else (product, baseline)
    is_busy = product.is_busy or baseline.is_busy
    names = (product.workload, baseline.contender, product.measure)
    if above.median is None or not below.median or not min(below.values):
        return Ratio(*names, None, None, None, is_busy)
    lowest, highest = min(above.values) / max(below.values), max(above.values) / min(below.values)
    return Ratio(*names, above.median / below.median, lowest, highest, is_busy)
