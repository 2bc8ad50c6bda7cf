"""Classifies what ended a query: an absent service, a full disk, one of our own errors, or a bug."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

ABSENT_BROKER = re.compile(
    r"org\.apache\.kafka\.common\.errors\.(Timeout|Disconnect|Network|LeaderNotAvailable|NotLeaderOrFollower"
    r"|BrokerNotAvailable|UnknownTopicOrPartition)Exception"
    r"|Cannot fetch record for offset"  # from an executor's consumer, which has a timeout of its own
    r"|streaming\.errors\.StartBroker"
)
"""A missing topic counts too: reopening the query detects it and raises what to do."""

_FULL_DISK = ("No space left on device", "Disk quota exceeded")
_IN_PYTHON = "Traceback (most recent call last)"
_DEEPER = "Caused by: "
_RAISED = re.compile(r"(?![A-Z]+:)[A-Za-z_][\w.]*: ")
"""Not the lines that PostgreSQL adds (DETAIL, CONTEXT, HINT): they hold values of rows."""


def is_broker_absence(failure: str) -> bool:
    """True where no broker answered: a restarted query continues where it was."""
    return ABSENT_BROKER.search(failure) is not None


def is_disk_full(failure: str) -> bool:
    """True where a write failed because a disk or quota was full."""
    return any(words in failure for words in _FULL_DISK)


def describe_full_disk(folders: Iterable[Path]) -> str:
    """A sentence about the folder, of those that exist, with the least free space."""
    free, folder = min((shutil.disk_usage(folder).free, str(folder)) for folder in folders if folder.exists())
    return f"no space left on the disk of {folder} ({free >> 20} MiB are free): make room and start again"


def own_sentence(failure: str) -> str | None:
    """The message of one of our own errors, if one was raised."""
    causes = [line for line in failure.splitlines() if _RAISED.match(line)]
    return next((line.split(": ", 1)[1] for line in causes if line.startswith(("streaming.", "warehouse."))), None)


def first_cause(failure: str) -> str:
    """The most useful line: our own error's message, else Python's last exception, else the JVM's deepest cause."""
    trace, _, _ = failure.partition("=== Streaming Query ===")  # Spark's appendix: identifiers and plans
    raised = [line for line in reversed(trace.partition(_IN_PYTHON)[2].splitlines()) if _RAISED.match(line)]
    deepest = [line.removeprefix(_DEEPER) for line in reversed(failure.splitlines()) if line.startswith(_DEEPER)]
    lines = [line.strip() for line in failure.splitlines() if line.strip()]
    useful = [
        line for line in [*raised, *deepest, *lines] if not line.startswith("py4j.")
    ]  # says only that the JVM raised
    return [*filter(None, [own_sentence(failure)]), *useful, "it gave no reason"][0][:500]
