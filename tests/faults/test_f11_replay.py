"""F11: replay of quarantine is killed between its commits; the stream starts, and the next replay completes it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from streaming.operations.quarantine_replay import Replay, Replayed
from streaming.queries.topic_pipelines import build_topic_pipelines
from tests.support.faults.fixtures import AssertExact, ci_runs
from tests.support.quarantine import (
    QUERIES,
    make_long_post,
    make_strict_runtime,
    pass_the_horizon,
    with_short_horizon,
)
from tests.support.records import make_post
from tests.support.stream import InProcessStream, with_rules
from warehouse.lake.quarantine_reader import Selection


@pytest.mark.fault("F11")
@pytest.mark.parametrize("step", ci_runs("F11", ["_append", "_mark"], "_mark"))
def test_a_replay_killed_between_its_steps_is_completed(
    stream: InProcessStream, step: str, assert_exact: AssertExact, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the commit to `silver/post_deletions`, or after the commit to `silver/posts`."""
    stream = with_short_horizon(stream)
    early = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    stream.send("posts", [make_post(1), make_post(1, kind="deletion", created_at=early), make_long_post(2)])
    stream.drain(QUERIES, runtime=make_strict_runtime(stream))
    pass_the_horizon(stream)
    tolerant = with_rules(stream.make_runtime(), tolerance_minutes=600)
    replay = Replay(tolerant, build_topic_pipelines(tolerant.key_file)["posts"], datetime.now(UTC))
    original, calls = getattr(Replay, step), []

    def count_and_die(self: Replay, *arguments: Any) -> None:
        calls.append(step)
        if len(calls) == (2 if step == "_append" else 1):
            raise KeyboardInterrupt
        original(self, *arguments)

    with monkeypatch.context() as crash:
        crash.setattr(Replay, step, count_and_die)
        with pytest.raises(KeyboardInterrupt):
            replay.run(Selection())
    stream.drain(QUERIES)
    assert replay.run(Selection()) == Replayed("posts", used=2)
    stream.drain(runtime=with_rules(stream.make_runtime(), tolerance_minutes=600))
    assert_exact(stream.verify(tolerance_seconds=36_000).checks)
    assert stream.count("silver/post_deletions") == 1
