"""Limits of the quality rules: a batch over one stops its query before any write, until somebody lets it pass."""

import shutil
from dataclasses import replace

import pytest

from jobs.settings import load_quality
from jobs.wiring import build_rules
from streaming.operations.repair import allow_batches
from streaming.queries.outcomes import OutcomeCounts
from streaming.queries.quality_gate import find_excess
from streaming.queries.runtime import Runtime
from streaming.queries.supervisor import QueryFailed
from streaming.transforms.quality_rules import QualityRules
from tests.support.stream import StreamBench, make_post, make_reading, with_rules
from warehouse.database.connections import connect, role_url

TOPIC = ("posts",)
BAD = b'{"post_id": '


def make_rules() -> QualityRules:
    return build_rules(load_quality())


def assert_refused(bench: StreamBench, runtime: Runtime, words: str) -> None:
    """The query stops with these words, and no table has a new commit."""
    before = bench.versions()
    with pytest.raises(QueryFailed, match=words):
        bench.drain(TOPIC, runtime=runtime)
    changed = {name for name, commits in bench.versions().items() if commits > max(before.get(name, 0), 1)}
    assert changed == set()  # a table's first commit only makes it


def test_a_rule_that_stops_holds_the_whole_batch_back_until_it_is_allowed(bench: StreamBench) -> None:
    def make_strict() -> Runtime:
        return with_rules(bench.make_runtime(), actions={"unknown_kind": "stop"})

    bench.send("posts", [make_post(1), BAD, make_post(2, kind="poll"), make_post(3, kind="poll")])
    assert allow_batches(make_strict()) == []
    words = "query posts: 2 of 4 records break unknown_kind, which stops a stream; .* repair --allow-batch"
    for _ in range(2):  # a restart alone changes nothing
        assert_refused(bench, make_strict(), words)
    assert bench.count("silver/posts") == bench.count("quarantine/posts") == 0
    reason = "2 of 4 records break unknown_kind, which stops a stream"
    assert allow_batches(make_strict()) == [
        f'posts: the batch up to {{"posts": {{"0": 4, "1": 0, "2": 0, "3": 0}}}} may pass ({reason})'
    ]
    assert allow_batches(make_strict()) == []
    bench.drain(TOPIC, runtime=make_strict())
    assert (bench.count("silver/posts"), bench.count("quarantine/posts")) == (1, 3)
    bench.send("posts", [make_post(4), make_post(5, kind="poll")])
    assert_refused(bench, make_strict(), "1 of 2 records break unknown_kind")
    bench.drain()  # the rule was loosened over the pending batch: it is read again, and there is nothing left to allow
    assert allow_batches(make_strict()) == []
    bench.assert_exact()
    assert (bench.count("silver/posts"), bench.count("quarantine/posts")) == (2, 4)


def test_a_batch_mostly_for_quarantine_stops_until_it_is_allowed(bench: StreamBench) -> None:
    def make_careful() -> Runtime:
        return with_rules(bench.make_runtime(), stop_from_records=20)

    bench.send("posts", [make_post(number) for number in range(10)] + [BAD] * 10)
    bench.drain(TOPIC, runtime=make_careful())  # half of it is not more than half
    bench.send("posts", [make_post(number) for number in range(10, 19)] + [BAD] * 11)
    assert_refused(bench, make_careful(), "11 of 20 records are for quarantine, more than 50%")
    shutil.rmtree(bench.settings.stream.checkpoints)
    assert len(allow_batches(make_careful())) == 1  # a new lineage plans the same records anew
    bench.drain(TOPIC, runtime=make_careful())
    bench.send("posts", [BAD] * 20)
    assert_refused(bench, make_careful(), "20 of 20 records")
    assert allow_batches(make_careful())
    bench.drain(runtime=make_careful())
    bench.assert_exact()
    assert (bench.count("silver/posts"), bench.count("quarantine/posts")) == (19, 41)


def test_a_batch_that_has_landed_is_not_refused_by_a_limit_that_came_later(
    bench: StreamBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.send("posts", [make_post(1), BAD, BAD, BAD])
    with monkeypatch.context() as crash:
        crash.setattr("streaming.queries.postgres_sync.PostgresSync.follow", _fail)
        with pytest.raises(QueryFailed, match="a crash made by the test"):
            bench.drain(TOPIC)
    bench.drain(runtime=with_rules(bench.make_runtime(), stop_from_records=1))
    bench.assert_exact()


def test_a_rule_that_warns_keeps_the_record_and_counts_it(bench: StreamBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first to the last moment that is kept; the recount agrees, also after a rebuild."""
    shipped = load_quality()
    warning = shipped.model_copy(update={"actions": {"ancient_time": "warn", "future_time": "warn"}})
    for reader in ("jobs.verify", "jobs.wiring"):
        monkeypatch.setattr(f"{reader}.load_quality", lambda: warning)
    ancient, future = "1000-01-01T00:00:00Z", "9998-12-31T23:59:59.999999Z"
    bench.send(
        "posts",
        [
            make_post(1),
            make_post(2, created_at=ancient),
            make_post(3, created_at=future),
            make_post(4, created_at=future, lang=None),
            make_post(5, created_at="9999-01-01T00:00:00Z"),
            make_post(7, created_at="0999-12-31T23:59:59.999999Z"),
            make_post(6, kind="deletion", created_at=future),
        ],
    )
    bench.send("readings", [make_reading(1, measured_at=future), make_reading(2, measured_at=future)])
    bench.drain()
    bench.assert_exact()
    assert (bench.count("silver/posts"), bench.count("quarantine/posts"), bench.count("silver/readings")) == (3, 3, 2)
    counted = {
        ("posts", "warned:ancient_time"): 1,
        ("posts", "warned:future_time"): 1,
        ("readings", "warned:future_time"): 2,
    }
    assert read_warned(bench) == counted
    with connect(role_url(bench.settings.postgres, "owner"), application_name="tests") as session:
        cursor = session.cursor()
        cursor.execute("SELECT max(newest_event_at) < now() FROM serving.pipeline_freshness WHERE query = 'posts'")
        assert cursor.fetchall() == [(True,)]  # a time in doubt says nothing about the age of the data
        cursor.execute("TRUNCATE ops.ledger, ops.row_counts, warehouse.dim_hashtag, warehouse.dim_author CASCADE")
        cursor.execute("TRUNCATE warehouse.fact_machine_minute")
    bench.drain()
    bench.assert_exact()
    assert read_warned(bench) == counted
    monkeypatch.setattr("jobs.verify.load_quality", lambda: shipped)
    wrong = {check.name for check in bench.prove().checks if check.differences}
    assert "verdicts" in wrong  # the recount judges by the rules it is given


def read_warned(bench: StreamBench) -> dict[tuple[str, str], int]:
    with connect(role_url(bench.settings.postgres, "reader"), application_name="tests") as session:
        cursor = session.cursor()
        cursor.execute(
            "SELECT query, outcome, sum(rows)::int FROM serving.pipeline_counts "
            "WHERE outcome LIKE 'warned:%' GROUP BY 1, 2"
        )
        return {(query, outcome): rows for query, outcome, rows in cursor.fetchall()}


@pytest.mark.parametrize(
    ("records", "counts", "excess"),
    [
        (999, {"quarantine:malformed": 999}, None),
        (1000, {"quarantine:malformed": 300, "quarantine:bad_time": 200, "silver": 500}, None),
        (
            1000,
            {"quarantine:malformed": 300, "quarantine:bad_time": 201, "silver": 499},
            "501 of 1000 records are for quarantine, more than 50%",
        ),
        (20_000, {"quarantine:malformed": 6_000, "duplicate": 6_000, "silver": 8_000}, None),
        (5, {}, None),
    ],
)
def test_the_shipped_limit(records: int, counts: dict[str, int], excess: str | None) -> None:
    assert find_excess(OutcomeCounts(counts, None), records, make_rules()) == excess


def test_every_rule_that_stops_is_named() -> None:
    rules = replace(make_rules(), actions={"bad_time": "stop", "malformed": "stop", "too_long": "quarantine"})
    outcomes = OutcomeCounts({"quarantine:malformed": 2, "quarantine:bad_time": 1, "quarantine:too_long": 1}, None)
    assert find_excess(outcomes, 9, rules) == (
        "1 of 9 records break bad_time and 2 of 9 records break malformed, which stops a stream"
    )


def test_actions_are_part_of_the_fingerprint_and_limits_are_not() -> None:
    rules = make_rules()
    assert replace(rules, actions={"bad_time": "stop"}).fingerprint() != rules.fingerprint()
    assert replace(rules, stop_above_share=0.9, stop_from_records=7).fingerprint() == rules.fingerprint()


def _fail(*_arguments: object) -> None:
    raise RuntimeError("a crash made by the test")
