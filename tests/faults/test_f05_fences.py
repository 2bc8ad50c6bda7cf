"""F5: a newer driver acquires the fence of a query in the middle of a batch; the older one writes nothing more."""

from typing import Any

import pytest

from streaming.queries.postgres_sync import PostgresSync
from streaming.queries.supervisor import QueryFailed
from streaming.sinks.delta import OffsetTrackedTable
from streaming.sinks.fence import Fenced
from tests.support.faults.fixtures import AssertExact
from tests.support.stream import POSTS, POSTS_CHAIN, InProcessStream, send_posts

pytestmark = pytest.mark.fault("F5")


def test_an_older_driver_writes_no_silver(
    stream: InProcessStream, assert_exact: AssertExact, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_posts(stream, 0)
    write = OffsetTrackedTable.append_next

    def write_after_takeover(self: OffsetTrackedTable, *arguments: Any) -> Any:
        stream.make_runtime().acquire_fence("posts", None)
        return write(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(OffsetTrackedTable, "append_next", write_after_takeover)
        with pytest.raises(Fenced, match="held by a newer driver"):
            stream.drain(POSTS)
    assert stream.count("silver/posts") == 0
    stream.drain(POSTS_CHAIN)
    assert_exact(stream.verify().checks)


def test_a_newer_lease_stops_the_ledger_transaction(
    stream: InProcessStream, assert_exact: AssertExact, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_posts(stream, 0)
    apply = PostgresSync.apply

    def apply_after_takeover(self: PostgresSync, *arguments: Any) -> None:
        stream.run_sql("UPDATE ops.lease SET fence = fence + 1, holder = gen_random_uuid() WHERE query = 'posts'")
        apply(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(PostgresSync, "apply", apply_after_takeover)
        with pytest.raises(QueryFailed, match="held by a newer driver"):
            stream.drain(POSTS)
    assert stream.run_sql("SELECT count(*) FROM ops.ledger WHERE query = 'posts'") == [(0,)]
    stream.drain(POSTS_CHAIN)
    assert_exact(stream.verify().checks)
