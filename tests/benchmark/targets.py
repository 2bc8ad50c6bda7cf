"""The measures with their units, and what the product must and should reach on two cores."""

from dataclasses import dataclass

GIB = 1024**3


@dataclass(frozen=True)
class Measure:
    """What a measure is called in the report; `is_less_better` also decides which way its ratio goes."""

    title: str
    unit: str
    is_less_better: bool = True


MEASURES = {
    "p50_seconds": Measure("sent until visible in PostgreSQL, p50", "s"),
    "p99_seconds": Measure("sent until visible in PostgreSQL, p99", "s"),
    "readings_p50_seconds": Measure("readings: sent until visible, p50", "s"),
    "readings_p99_seconds": Measure("readings: sent until visible, p99", "s"),
    "lag_slope": Measure("slope of the records not yet visible", "records/s"),
    "memory_gib": Measure("highest memory of the process tree", "GiB"),
    "cpu_seconds": Measure("processor time of the process tree", "s"),
    "cpu_cores": Measure("processor time per second", "cores"),
    "broker_cpu_seconds": Measure("processor time of the broker", "s"),
    "database_cpu_seconds": Measure("processor time of the database", "s"),
    "generator_cpu_seconds": Measure("processor time of the generator", "s"),
    "wall_seconds": Measure("from start to end", "s"),
    "records_per_second": Measure("records per second", "1/s", is_less_better=False),
    "records_per_cpu_second": Measure("records per CPU-second", "1/s", is_less_better=False),
    "until_running_seconds": Measure("`stream` until all queries run", "s"),
    "nothing_waiting_seconds": Measure("`stream --available-now` with nothing waiting", "s"),
}


@dataclass(frozen=True)
class Target:
    """`must` and `stretch` (the aim beyond it), both at most or both at least."""

    must: float
    stretch: float
    is_at_most: bool = True

    def judge(self, value: float | None) -> str:
        """`stretch met`, `met`, `NOT met`, or `no number`, which is not met either."""
        if value is None:
            return "no number"
        sign = 1 if self.is_at_most else -1
        if sign * value <= sign * self.stretch:
            return "stretch met"
        return "met" if sign * value <= sign * self.must else "NOT met"


NOT_UPWARD = 10.0
"""Records per second by which the lag may seem to grow: half a percent of 2 000 posts/s, below what the slope of five
minutes without growth varies by."""
FIGURES = {
    ("latency 100/s", "p50_seconds"): Target(1.5, 0.8),
    ("latency 100/s", "p99_seconds"): Target(4.0, 2.0),
    ("latency 100/s", "memory_gib"): Target(2.0, 1.5),
    ("latency 2000/s", "p50_seconds"): Target(2.5, 1.5),
    ("latency 2000/s", "p99_seconds"): Target(8.0, 4.0),
    ("latency 2000/s", "lag_slope"): Target(NOT_UPWARD, NOT_UPWARD),
    ("latency 2000/s", "memory_gib"): Target(2.5, 2.0),
    ("start", "until_running_seconds"): Target(20.0, 12.0),
    ("start", "nothing_waiting_seconds"): Target(25.0, 15.0),
}
"""(workload, measure) of the product."""
RATIOS = {
    ("latency 100/s", "tutorial", "p50_seconds"): Target(15.0, 30.0, is_at_most=False),
    ("latency 100/s", "by_the_docs", "p50_seconds"): Target(5.0, 10.0, is_at_most=False),
    ("drain", "tutorial", "records_per_cpu_second"): Target(2.0, 4.0, is_at_most=False),
    ("drain", "by_the_docs", "records_per_cpu_second"): Target(1.0, 2.0, is_at_most=False),
}
"""(workload, baseline, measure): how many times better the product must be."""
