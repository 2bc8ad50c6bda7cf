"""Posts in quarantine because of a rule that is too strict, and their replay under the shipped rules."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from streaming.local.processes import wait_until
from streaming.operations.quarantine_replay import Replay, Replayed
from streaming.queries.runtime import Runtime
from streaming.queries.topic_pipelines import build_topic_pipelines
from tests.support.records import make_post
from tests.support.stream import InProcessStream, with_rules
from warehouse.lake.quarantine_reader import Selection

QUERIES = ("posts", "bronze")
HORIZON = 2
"""Deduplication horizon in seconds, short enough for a test to wait for its end."""


def with_short_horizon(stream: InProcessStream) -> InProcessStream:
    """The same stream, whose query `posts` recognises repeats for `HORIZON` seconds only."""
    queries = dict(stream.settings.stream.queries)
    queries["posts"] = queries["posts"].model_copy(update={"horizon_seconds": HORIZON})
    changed = stream.settings.stream.model_copy(update={"queries": queries})
    return replace(stream, settings=stream.settings.model_copy(update={"stream": changed}))


def make_strict_runtime(stream: InProcessStream) -> Runtime:
    """A driver under the rule that is too strict: no text longer than 60 characters."""
    runtime = stream.make_runtime()
    return with_rules(runtime, max_lengths={**runtime.rules.max_lengths, "text": 60})


def make_long_post(number: int, **changes: Any) -> bytes:
    """A post that only `make_strict_runtime` puts into quarantine."""
    return make_post(number, text=f"number {number} #long " + "x" * 60, **changes)


def pass_the_horizon(stream: InProcessStream) -> None:
    """Waits for one horizon, then drains one more post: only a batch so much later lets earlier records be replayed."""
    began = datetime.now(UTC)
    wait_until(lambda: datetime.now(UTC) - began > timedelta(seconds=HORIZON), 10 * HORIZON)
    stream.send("posts", [make_post(9_000_000 + began.microsecond)])
    stream.drain(QUERIES)


def replay_posts(stream: InProcessStream, runtime: Runtime | None = None, **selection: Any) -> Replayed:
    """Replays the selected posts of quarantine now."""
    runtime = runtime or stream.make_runtime()
    pipeline = build_topic_pipelines(runtime.key_file)["posts"]
    return Replay(runtime, pipeline, datetime.now(UTC)).run(Selection(**selection))
