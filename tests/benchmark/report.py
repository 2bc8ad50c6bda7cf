"""The report: every figure with its target and whether it is met, the ratios, the profile; as tables and as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmark.contenders import BASELINES, PRODUCT
from tests.benchmark.results import Figure, Ratio, Run, find_figure, make_figures, make_ratio
from tests.benchmark.targets import FIGURES, MEASURES, RATIOS, Target

BUSY = " (busy machine)"
RATIO_MEASURES = ("p50_seconds", "p99_seconds", "cpu_cores", "records_per_second", "records_per_cpu_second")


@dataclass(frozen=True)
class Part:
    """One line of the profile: CPU-seconds of a part of the process tree, or of a query's tasks."""

    name: str
    cpu_seconds: float


@dataclass(frozen=True)
class Profile:
    """Where the processor time of a drain of `records` records goes; `parts` add up to the whole, `queries` do not."""

    records: int
    parts: list[Part]
    queries: list[Part]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Report:
    """A whole benchmark. `conditions`: machine, scale, commit: what a reader needs to repeat it. `failures`: workloads
    that could not be run to their end.
    """

    conditions: dict[str, Any]
    runs: Sequence[Run]
    profile: Profile | None = None
    failures: Sequence[str] = ()

    @property
    def figures(self) -> list[Figure]:
        """See `results.make_figures`."""
        return make_figures(self.runs)

    @property
    def ratios(self) -> list[Ratio]:
        """One per workload, baseline and measure that both have."""
        return list(make_ratios(self.figures))

    @property
    def is_met(self) -> bool:
        """Whether every target that was measured is met, and no contender is without its number."""
        verdicts = [verdict for *_, verdict in (*figure_rows(self.figures), *ratio_rows(self.ratios))]
        return not self.failures and not {"NOT met", "no number"} & set(verdicts)

    def to_json(self) -> dict[str, Any]:
        """Everything, in plain values."""
        figures = [
            {**asdict(figure), "median": figure.median, "target": _to_json(_target_of(figure)), "verdict": verdict}
            for figure, (*_, verdict) in zip(self.figures, figure_rows(self.figures), strict=True)
        ]
        ratios = [
            {**asdict(ratio), "target": _to_json(_ratio_target(ratio)), "verdict": verdict}
            for ratio, (*_, verdict) in zip(self.ratios, ratio_rows(self.ratios), strict=True)
        ]
        return {
            "conditions": self.conditions,
            "is_met": self.is_met,
            "failures": list(self.failures),
            "ratios": ratios,
            "figures": figures,
            "profile": asdict(self.profile) if self.profile else None,
            "runs": [asdict(run) for run in self.runs],
        }


def make_ratios(figures: Sequence[Figure]) -> Iterator[Ratio]:
    """Ratios of the product to each baseline."""
    for product in figures:
        for baseline in BASELINES if product.contender == PRODUCT and product.measure in RATIO_MEASURES else ():
            other = find_figure(figures, product.workload, baseline, product.measure)
            if other is not None:
                is_less_better = MEASURES[product.measure].is_less_better
                yield make_ratio(product, other, is_less_better=is_less_better)


def figure_rows(figures: Sequence[Figure]) -> Iterator[tuple[str, str, str, str, str, str]]:
    """workload, contender, measure, target, measured, verdict."""
    for figure in figures:
        measure, target = MEASURES[figure.measure], _target_of(figure)
        verdict = target.judge(figure.median) if target else "" if figure.values else "no number"
        shown = _show_target(target, measure.unit)
        yield figure.workload, figure.contender, measure.title, shown, _show_figure(figure), verdict


def ratio_rows(ratios: Sequence[Ratio]) -> Iterator[tuple[str, str, str, str, str, str]]:
    """workload, baseline, measure, target, measured, verdict."""
    for ratio in ratios:
        target = _ratio_target(ratio)
        verdict = target.judge(ratio.value) if target else "" if ratio.value else "no number"
        title = MEASURES[ratio.measure].title
        yield ratio.workload, ratio.baseline, title, _show_target(target, "x"), _show_ratio(ratio), verdict


def print_report(report: Report, console: Console) -> None:
    """Ratios first: they are what is claimed."""
    head = ("target", "measured: median (lowest to highest)", "verdict")
    for title, names, rows in (
        ("how many times better the product is", ("workload", "baseline"), ratio_rows(report.ratios)),
        ("figures of this machine", ("workload", "contender"), figure_rows(report.figures)),
    ):
        table = Table(*names, "measure", *head, title=title, title_justify="left", box=None)
        for row in rows:
            table.add_row(*row, style="red" if row[-1] in {"NOT met", "no number"} else "")
        if table.row_count:
            console.print(table, "")
    for problem in sorted({f"{f.workload}, {f.contender}: {f.problem}" for f in report.figures if f.problem}):
        console.print(f"no number for {problem}", style="red", markup=False)
    for failure in report.failures:
        console.print(failure, style="red", markup=False)
    if report.profile:
        console.print(*draw_profile(report.profile), sep="\n")
    console.print(", ".join(f"{name} {value}" for name, value in report.conditions.items()), markup=False)


def draw_profile(profile: Profile) -> Iterator[Table | str]:
    """One table of the parts of the process tree, one of the queries' tasks."""
    whole = sum(part.cpu_seconds for part in profile.parts) or 1.0
    for title, parts in (
        (f"where the processor time of {profile.records} waiting posts goes", profile.parts),
        ("tasks on executor threads, by query", profile.queries),
    ):
        table = Table("part", title=title, title_justify="left", box=None)
        for name in ("CPU-seconds", "microseconds per record", "share"):
            table.add_column(name, justify="right")
        for part in sorted(parts, key=lambda part: -part.cpu_seconds):
            per_record = part.cpu_seconds * 1e6 / max(1, profile.records)
            share = f"{part.cpu_seconds / whole:.1%}"
            table.add_row(part.name, f"{part.cpu_seconds:.1f}", f"{per_record:.1f}", share)
        yield table
    yield from profile.notes


def _target_of(figure: Figure) -> Target | None:
    return FIGURES.get((figure.workload, figure.measure)) if figure.contender == PRODUCT else None


def _ratio_target(ratio: Ratio) -> Target | None:
    return RATIOS.get((ratio.workload, ratio.baseline, ratio.measure))


def _show_target(target: Target | None, unit: str) -> str:
    if target is None:
        return ""
    sign = "<=" if target.is_at_most else ">="
    aim = "" if target.stretch == target.must else f" (stretch {target.stretch:g})"
    return f"{sign} {target.must:g} {unit}{aim}"


def _show_figure(figure: Figure) -> str:
    if figure.median is None:
        return "-"
    spread = f" ({min(figure.values):.2f} to {max(figure.values):.2f})" if len(figure.values) > 1 else ""
    return f"{figure.median:.2f} {MEASURES[figure.measure].unit}{spread}{BUSY if figure.is_busy else ''}"


def _show_ratio(ratio: Ratio) -> str:
    if ratio.value is None:
        return "-"
    return f"{ratio.value:.2f} x ({ratio.lowest:.2f} to {ratio.highest:.2f}){BUSY if ratio.is_busy else ''}"


def _to_json(target: Target | None) -> dict[str, Any] | None:
    return asdict(target) if target else None
