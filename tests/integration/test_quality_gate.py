"""The quality gate: a batch over a limit stops its query before any write, until an operator allows it."""

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
from streaming.records.quality_rules import QualityRules
from tests.support.records import make_post, make_reading
from tests.support.stream import InProcessStream, with_rules
from warehouse.database.connections import connect, role_url

TOPIC = ("posts",)
BAD = b'{"post_id": '


def make_rules() -> QualityRules:
    return build_rules(load_quality())


def assert_refused(stream: InProcessStream, runtime: Runtime, words: str) -> None:
    """The query stops with an error that matches `words`, and no table has a new commit."""
    before = stream.versions()
    with pytest.raises(QueryFailed, match=words):
        stream.drain(TOPIC, runtime=runtime)
    changed = {name for name, commits in stream.versions().items() if commits > max(before.get(name, 0), 1)}
    assert changed == set()  # the first commit of a table only creates it


def test_a_rule_with_action_stop_stops_the_query_until_the_batch_is_allowed(stream: InProcessStream) -> None:
    def make_strict() -> Runtime:
        return with_rules(stream.make_runtime(), actions={"unknown_kind": "stop"})

    stream.send("posts", [make_post(1), BAD, make_post(2, kind="poll"), make_post(3, kind="poll")])
    assert allow_batches(make_strict()) == []
    words = "query posts: 2 of 4 records break unknown_kind, which stops a stream; .* repair --allow-batch"
    for _ in range(2):  # a restart alone changes nothing
        assert_refused(stream, make_strict(), words)
    assert stream.count("silver/posts") == stream.count("quarantine/posts") == 0
    reason = "2 of 4 records break unknown_kind, which stops a stream"
    assert allow_batches(make_strict()) == [
        f'posts: the batch up to {{"posts": {{"0": 4, "1": 0, "2": 0, "3": 0}}}} may pass ({reason})'
    ]
    assert allow_batches(make_strict()) == []
    stream.drain(TOPIC, runtime=make_strict())
    assert (stream.count("silver/posts"), stream.count("quarantine/posts")) == (1, 3)
    stream.send("posts", [make_post(4), make_post(5, kind="poll")])
    assert_refused(stream, make_strict(), "1 of 2 records break unknown_kind")
    stream.drain()  # by rules without `stop`: the pending batch is read again, and there is nothing left to allow
    assert allow_batches(make_strict()) == []
    stream.assert_exact()
    assert (stream.count("silver/posts"), stream.count("quarantine/posts")) == (2, 4)


def test_a_batch_mostly_for_quarantine_stops_the_query_until_it_is_allowed(stream: InProcessStream) -> None:
    def make_limited() -> Runtime:
        return with_rules(stream.make_runtime(), stop_from_records=20)

    stream.send("posts", [make_post(number) for number in range(10)] + [BAD] * 10)
    stream.drain(TOPIC, runtime=make_limited())  # exactly half is not above the limit
    stream.send("posts", [make_post(number) for number in range(10, 19)] + [BAD] * 11)
    assert_refused(stream, make_limited(), "11 of 20 records are for quarantine, more than 50%")
    shutil.rmtree(stream.settings.stream.checkpoints)
    assert len(allow_batches(make_limited())) == 1  # a new lineage plans the same records again
    stream.drain(TOPIC, runtime=make_limited())
    stream.send("posts", [BAD] * 20)
    assert_refused(stream, make_limited(), "20 of 20 records")
    assert allow_batches(make_limited())
    stream.drain(runtime=make_limited())
    stream.assert_exact()
    assert (stream.count("silver/posts"), stream.count("quarantine/posts")) == (19, 41)


def test_a_batch_in_silver_is_not_refused_by_a_limit_that_was_set_later(
    stream: InProcessStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream.send("posts", [make_post(1), BAD, BAD, BAD])
    with monkeypatch.context() as crash:
        crash.setattr("streaming.queries.postgres_sync.PostgresSync.apply", _fail)
        with pytest.raises(QueryFailed, match="a crash made by the test"):
            stream.drain(TOPIC)
    stream.drain(runtime=with_rules(stream.make_runtime(), stop_from_records=1))
    stream.assert_exact()


def test_a_rule_with_action_warn_keeps_the_record_and_counts_it(
    stream: InProcessStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the first and last instant that is kept; `verify` finds the same counts, also after PostgreSQL is rebuilt."""
    shipped = load_quality()
    warning = shipped.model_copy(update={"actions": {"ancient_time": "warn", "future_time": "warn"}})
    for reader in ("jobs.verify", "jobs.wiring"):
        monkeypatch.setattr(f"{reader}.load_quality", lambda: warning)
    ancient, future = "1000-01-01T00:00:00Z", "9998-12-31T23:59:59.999999Z"
    stream.send(
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
    stream.send("readings", [make_reading(1, measured_at=future), make_reading(2, measured_at=future)])
    stream.drain()
    stream.assert_exact()
    assert [stream.count(table) for table in ("silver/posts", "quarantine/posts", "silver/readings")] == [3, 3, 2]
    counted = {
        ("posts", "warned:ancient_time"): 1,
        ("posts", "warned:future_time"): 1,
        ("readings", "warned:future_time"): 2,
    }
    assert read_warned(stream) == counted
    check_age_and_empty_the_warehouse(stream)
    stream.drain()
    stream.assert_exact()
    assert read_warned(stream) == counted
    monkeypatch.setattr("jobs.verify.load_quality", lambda: shipped)
    wrong = {check.name for check in stream.verify().checks if check.differences}
    assert "verdicts" in wrong  # verify applies the rules that it is given


def check_age_and_empty_the_warehouse(stream: InProcessStream) -> None:
    """A row with a warning does not count for the age of the data. The next drain rebuilds all counts."""
    with connect(role_url(stream.settings.postgres, "owner"), application_name="tests") as session:
        cursor = session.cursor()
        cursor.execute("SELECT max(newest_event_at) < now() FROM serving.pipeline_freshness WHERE query = 'posts'")
        assert cursor.fetchall() == [(True,)]
        cursor.execute("TRUNCATE ops.ledger, ops.row_counts, warehouse.dim_hashtag, warehouse.dim_author CASCADE")
        cursor.execute("TRUNCATE warehouse.fact_machine_minute")


def read_warned(stream: InProcessStream) -> dict[tuple[str, str], int]:
    with connect(role_url(stream.settings.postgres, "reader"), application_name="tests") as session:
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
def test_the_limit_of_the_shipped_configuration(records: int, counts: dict[str, int], excess: str | None) -> None:
    assert find_excess(OutcomeCounts(counts, None), records, make_rules()) == excess


def test_the_reason_names_every_rule_with_action_stop() -> None:
    rules = replace(make_rules(), actions={"bad_time": "stop", "malformed": "stop", "too_long": "quarantine"})
    outcomes = OutcomeCounts({"quarantine:malformed": 2, "quarantine:bad_time": 1, "quarantine:too_long": 1}, None)
    assert find_excess(outcomes, 9, rules) == (
        "1 of 9 records break bad_time and 2 of 9 records break malformed, which stops a stream"
    )


def test_actions_change_the_fingerprint_and_stop_limits_do_not() -> None:
    rules = make_rules()
    assert replace(rules, actions={"bad_time": "stop"}).fingerprint() != rules.fingerprint()
    assert replace(rules, stop_above_share=0.9, stop_from_records=7).fingerprint() == rules.fingerprint()


def _fail(*_arguments: object) -> None:
    raise RuntimeError("a crash made by the test")
