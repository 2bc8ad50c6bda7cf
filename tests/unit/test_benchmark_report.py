"""The benchmark's arithmetic: order of contenders, medians, ratios, targets; a wrong recount leaves no number."""

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from jobs.benchmark import WORKLOADS as WORKLOADS_OF_THE_JOB
from tests.benchmark.__main__ import WORKLOADS
from tests.benchmark.baseline_offsets import find_covered, read_commits
from tests.benchmark.event_log import parse_events
from tests.benchmark.order import abba, enclose, order_contenders
from tests.benchmark.recount import Written, find_differences, sum_journal
from tests.benchmark.report import BUSY, Part, Profile, Report, print_report
from tests.benchmark.results import Figure, Run, make_figures, make_ratio
from tests.benchmark.scale import FULL, QUICK, SMALLER, read_scale
from tests.benchmark.targets import FIGURES, MEASURES, RATIOS, Target
from tests.benchmark.threads import name_process, name_thread, parse_stat

NAMES = ("product", "tutorial", "by_the_docs")
MINUTE = 1_800_000_000


def make_run(
    contender: str, value: float, *differences: str, is_busy: bool = False, measure: str = "p50_seconds"
) -> Run:
    return Run("latency 100/s", contender, {measure: value}, differences, is_busy)


def print_to_text(report: Report) -> str:
    text = StringIO()
    print_report(report, Console(file=text, width=200))
    return text.getvalue()


def test_the_job_and_the_harness_know_the_same_workloads() -> None:
    assert tuple(WORKLOADS) == WORKLOADS_OF_THE_JOB


def test_every_contender_has_the_same_mean_place_in_abba() -> None:
    order = abba(NAMES, rounds=2)
    places = {name: [at for at, other in enumerate(order) if other == name] for name in NAMES}
    assert order[:6] == ["product", "tutorial", "by_the_docs", "by_the_docs", "tutorial", "product"]
    assert {sum(at) / len(at) for at in places.values()} == {5.5}


def test_a_quick_run_has_the_product_before_and_after_the_baselines() -> None:
    assert order_contenders(NAMES, rounds=0) == ["product", "tutorial", "by_the_docs", "product"]
    assert enclose("a", ["b"]) == ["a", "b", "a"]
    assert order_contenders(("product",), rounds=0) == ["product"]
    assert order_contenders(("product",), rounds=2) == ["product", "product"]
    assert order_contenders(NAMES, rounds=1) == abba(NAMES, 1)


def test_a_figure_is_the_median_of_its_runs() -> None:
    (figure,) = make_figures([make_run("product", 3.0), make_run("product", 1.0), make_run("product", 1.2)])
    assert (figure.median, min(figure.values), max(figure.values)) == (1.2, 1.0, 3.0)


def test_one_wrong_recount_leaves_no_number_for_any_measure_of_the_contender() -> None:
    wrong = Run("drain", "tutorial", {"wall_seconds": 9.0, "cpu_seconds": 8.0}, ("3 counts differ",))
    right = Run("drain", "tutorial", {"wall_seconds": 9.0, "cpu_seconds": 8.0})
    figures = make_figures([right, wrong, Run("drain", "product", {"wall_seconds": 1.0})])
    assert [(f.contender, f.values, f.problem) for f in figures] == [
        ("tutorial", (), "3 counts differ"),
        ("tutorial", (), "3 counts differ"),
        ("product", (1.0,), ""),
    ]


def test_a_ratio_above_one_means_that_the_product_is_better() -> None:
    fast, slow = (Figure("w", name, "m", values) for name, values in (("product", (1.0, 2.0)), ("tutorial", (30.0,))))
    ratio = make_ratio(fast, slow, is_less_better=True)
    assert (ratio.value, ratio.lowest, ratio.highest) == (20.0, 15.0, 30.0)
    assert make_ratio(slow, fast, is_less_better=False).value == 20.0


def test_a_ratio_without_one_of_its_numbers_is_none_and_a_busy_one_is_marked() -> None:
    product = Figure("w", "product", "m", (1.0,), is_busy=True)
    assert make_ratio(product, Figure("w", "tutorial", "m", ()), is_less_better=True).value is None
    assert make_ratio(product, Figure("w", "tutorial", "m", (2.0,)), is_less_better=True).is_busy


@pytest.mark.parametrize(
    ("target", "value", "verdict"),
    [
        (Target(1.5, 0.8), 0.8, "stretch met"),
        (Target(1.5, 0.8), 1.5, "met"),
        (Target(1.5, 0.8), 1.51, "NOT met"),
        (Target(15, 30, is_at_most=False), 30.0, "stretch met"),
        (Target(15, 30, is_at_most=False), 15.0, "met"),
        (Target(15, 30, is_at_most=False), 14.9, "NOT met"),
        (Target(10, 10), -3.0, "stretch met"),
        (Target(1.5, 0.8), None, "no number"),
    ],
)
def test_a_target_judges_a_value(target: Target, value: float | None, verdict: str) -> None:
    assert target.judge(value) == verdict


def test_every_target_is_of_a_known_measure_and_no_easier_than_its_must() -> None:
    assert {measure for *_, measure in (*FIGURES, *RATIOS)} <= set(MEASURES)
    for target in (*FIGURES.values(), *RATIOS.values()):
        assert target.judge(target.stretch) == "stretch met"
        assert target.judge(target.must) != "NOT met"


def test_the_report_prints_target_measured_and_verdict() -> None:
    runs = [make_run("product", 1.0), make_run("tutorial", 16.0), make_run("by_the_docs", 4.0, is_busy=True)]
    report = Report({"quick": True}, runs)
    lines = print_to_text(report).splitlines()
    tutorial = next(line for line in lines if "tutorial" in line and " x " in line)
    docs = next(line for line in lines if "by_the_docs" in line and " x " in line)
    product = next(line for line in lines if " product " in line and "s (" in line)
    assert ">= 15 x (stretch 30)" in tutorial
    assert "16.00 x (16.00 to 16.00)" in tutorial
    assert tutorial.split()[-1] == "met"
    assert docs.rstrip().endswith("NOT met")
    assert BUSY in docs
    assert "<= 1.5 s (stretch 0.8)" in product
    assert not report.is_met


def test_a_contender_that_counted_wrong_is_named_with_its_difference_and_no_number() -> None:
    report = Report({}, [make_run("product", 0.5), make_run("tutorial", 99.0, "2 counts differ, the first: x")])
    text = print_to_text(report)
    assert "99" not in text
    assert "no number for latency 100/s, tutorial: 2 counts differ" in text
    assert not report.is_met
    assert Report({}, [make_run("product", 0.5)]).is_met


def test_the_json_has_everything_that_the_tables_have() -> None:
    profile = Profile(1000, [Part("JVM: compiler", 2.0)], [Part("posts", 1.0)])
    report = Report({"quick": True}, [make_run("product", 0.5), make_run("tutorial", 20.0)], profile)
    plain = json.loads(json.dumps(report.to_json()))
    assert plain["is_met"]
    assert [(r["baseline"], r["value"], r["verdict"]) for r in plain["ratios"]] == [("tutorial", 40.0, "stretch met")]
    assert plain["figures"][0]["target"] == {"must": 1.5, "stretch": 0.8, "is_at_most": True}
    assert len(plain["runs"]) == 2
    assert "2000.0" in print_to_text(report)  # microseconds per record of the compiler


def test_a_smaller_scale_is_only_for_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SMALLER, raising=False)
    assert (read_scale(is_quick=True), read_scale(is_quick=False)) == (QUICK, FULL)
    monkeypatch.setenv(SMALLER, "0.01")
    assert read_scale(is_quick=True).drain_posts == 2000


def write_journal(folder: Path, *, is_acknowledged: bool = True, verdict: str = "valid") -> Path:
    minute = datetime.fromtimestamp(MINUTE, UTC).strftime("%Y-%m-%dT%H:%MZ")
    lines = []
    for number, tags in enumerate((["a", "b"], ["a"], [])):
        facts = {"minute": minute, "lang": "pt", "tags": tags, "source": "generator"}
        intent = {"e": "intent", "n": number, "topic": "posts", "id": str(number), "verdict": verdict, "facts": facts}
        lines.append(json.dumps(intent))
        if is_acknowledged or number:
            lines.append(json.dumps({"e": "ack", "n": number, "partition": 0, "offset": number, "kafka_ms": 0}))
    (folder / "posts-posts-0-run.jsonl").write_text("\n".join(lines) + "\n")
    return folder


EXACT = Written({"bronze": 3, "silver": 3}, [(MINUTE, "a", "pt", 2), (MINUTE, "b", "pt", 1)])


def test_the_recount_of_what_was_sent_is_exact(tmp_path: Path) -> None:
    journal = write_journal(tmp_path)
    expected = sum_journal(journal)
    assert (expected.posts, expected.counted) == (3, 3)
    assert find_differences(journal, EXACT) == []


@pytest.mark.parametrize(
    "counts",
    [
        [(MINUTE, "a", "pt", 3), (MINUTE, "b", "pt", 1)],
        [(MINUTE, "a", "pt", 2)],
        [*EXACT.counts, (MINUTE, "c", "pt", 1)],
        [(MINUTE, "a", "en", 2), (MINUTE, "b", "pt", 1)],
        [(MINUTE + 60, "a", "pt", 2), (MINUTE, "b", "pt", 1)],
        [],
    ],
)
def test_the_recount_finds_a_wrong_count(tmp_path: Path, counts: list[tuple[int, str, str, int]]) -> None:
    (difference,) = find_differences(write_journal(tmp_path), Written(EXACT.layers, counts))
    assert "counts differ" in difference


def test_the_recount_finds_missing_rows_lost_acknowledgements_and_unclean_input(tmp_path: Path) -> None:
    layers = {"bronze": 3, "silver": 2}
    assert find_differences(write_journal(tmp_path), Written(layers, EXACT.counts)) == [
        "silver has 2 posts, 3 were sent"
    ]
    (lost, *_) = find_differences(write_journal(tmp_path, is_acknowledged=False), EXACT)
    assert lost == "1 of 3 posts were not acknowledged by the broker"
    (unclean,) = find_differences(write_journal(tmp_path, verdict="duplicate"), EXACT)
    assert "not clean" in unclean


def test_a_batch_on_kafka_covers_the_offsets_of_its_checkpoint(tmp_path: Path) -> None:
    offsets = tmp_path / "checkpoints" / "gold" / "offsets"
    offsets.mkdir(parents=True)
    (offsets / "0").write_text('v1\n{"batchWatermarkMs":0}\n{"posts":{"0":5,"1":7}}')
    at = datetime(2026, 1, 1, tzinfo=UTC)
    rows = read_commits(tmp_path, {0: at}).to_pylist()
    assert [(row["partition"], row["to_offset"]) for row in rows] == [(0, 5), (1, 7)]


def test_a_batch_on_delta_covers_the_versions_that_it_has_read_whole() -> None:
    reached = {0: {}, 1: {0: 10}, 2: {0: 20, 1: 3}}
    assert find_covered(reached, {"reservoirVersion": 3, "index": -1}) == {0: 20, 1: 3}
    assert find_covered(reached, {"reservoirVersion": 2, "index": -1}) == {0: 10}
    assert find_covered(reached, {"reservoirVersion": 0, "index": -1}) == {}


def test_the_profile_names_threads_and_processes() -> None:
    stat = "7 (Executor task l) S " + " ".join(["0"] * 10) + " 150 50 0 0 0 0 0 0 991 0"
    name, ticks, began = parse_stat(stat)
    assert (name_thread(name), ticks, began) == ("JVM: tasks of the queries", 200, "991")
    assert name_thread("C2 CompilerThre") == "JVM: compiler"
    assert name_thread("unheard of") == "JVM: other threads"
    assert name_process(["python", "-m", "pyspark.daemon"]) == "Python: workers of the tasks"


def test_the_event_log_gives_processor_time_by_query() -> None:
    lines = [
        {"Event": "SparkListenerJobStart", "Stage IDs": [4], "Properties": {"sql.streaming.queryId": "id-1"}},
        {"Event": "SparkListenerTaskEnd", "Stage ID": 4, "Task Metrics": {"Executor CPU Time": 2_000_000_000}},
        {"Event": "SparkListenerTaskEnd", "Stage ID": 9, "Task Metrics": None},
        {"Event": "x.QueryProgressEvent", "progress": {"id": "id-1", "name": "posts", "durationMs": {"addBatch": 40}}},
    ]
    parts, notes = parse_events([*map(json.dumps, lines), '{"Event": "cut'])
    assert {part.name: part.cpu_seconds for part in parts} == {"posts": 2.0, "no query": 0}
    assert notes == ["posts: 1 batches; milliseconds in all: addBatch 40"]
