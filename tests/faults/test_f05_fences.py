"""F5 inside one process: a newer driver takes a query over in the middle of a batch; the older one changes nothing."""

from typing import Any

import pytest

from streaming.queries.access import acquire_fence
from streaming.queries.postgres_sync import PostgresSync
from streaming.queries.supervisor import QueryFailed
from streaming.queries.topic_query import TopicQuery
from streaming.sinks.fence import Fenced
from tests.support.faults.fixtures import Judge
from tests.support.stream import POSTS, POSTS_CHAIN, StreamBench, send_posts

pytestmark = pytest.mark.fault("F5")


def test_an_older_driver_is_fenced(bench: StreamBench, judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    send_posts(bench, 0)
    land = TopicQuery._land_in_silver

    def land_after_takeover(self: TopicQuery, *arguments: Any) -> Any:
        acquire_fence(bench.make_runtime(), "posts", None)
        return land(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(TopicQuery, "_land_in_silver", land_after_takeover)
        with pytest.raises(Fenced, match="taken over by a newer driver"):
            bench.drain(POSTS)
    assert bench.count("silver/posts") == 0
    bench.drain(POSTS_CHAIN)
    judge(bench.verify().checks)


def test_a_newer_lease_stops_the_ledger_transaction(
    bench: StreamBench, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_posts(bench, 0)
    follow = PostgresSync.follow

    def follow_after_takeover(self: PostgresSync, *arguments: Any) -> None:
        bench.run_sql("UPDATE ops.lease SET fence = fence + 1, holder = gen_random_uuid() WHERE query = 'posts'")
        follow(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(PostgresSync, "follow", follow_after_takeover)
        with pytest.raises(QueryFailed, match="taken over by a newer driver"):
            bench.drain(POSTS)
    assert bench.run_sql("SELECT count(*) FROM ops.ledger WHERE query = 'posts'") == [(0,)]
    bench.drain(POSTS_CHAIN)
    judge(bench.verify().checks)
