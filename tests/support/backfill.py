"""A bug in the code that made rows of silver, and the backfill that corrects them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from streaming.operations.backfill import Difference, open_backfill
from streaming.queries.runtime import Runtime
from streaming.queries.topic_pipelines import build_topic_pipelines
from streaming.records import names
from streaming.transforms import staging
from tests.support.stream import InProcessStream
from tests.support.worker_bugs import patch_in_workers


def count_only_short_tags(patch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Introduces a bug: only hashtags of at most two letters are counted. Returns the function that fixes it."""
    right = staging.make_judge
    patch_in_workers(patch, names, "MAX_TAG_LENGTH", 2)
    return lambda: patch.setattr(staging, "make_judge", right)


def backfill(stream: InProcessStream, table: str, runtime: Runtime | None = None, *, apply: bool = True) -> Difference:
    """Compares the last and the next 24 hours of a table with what they should be; `apply` corrects the rows."""
    runtime, now = runtime or stream.make_runtime(), datetime.now(UTC)
    pipelines = build_topic_pipelines(runtime.key_file)
    return open_backfill(runtime, pipelines, table, now - timedelta(days=1), now + timedelta(days=1)).run(apply=apply)
