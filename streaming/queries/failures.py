"""What ended a query: a service that is away, a full disk, one of our own errors, or a bug."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql.streaming import StreamingQuery

ABSENT_BROKER = re.compile(
    r"org\.apache\.kafka\.common\.errors\.(Timeout|Disconnect|Network|LeaderNotAvailable|NotLeaderOrFollower"
    r"|BrokerNotAvailable|UnknownTopicOrPartition)Exception"
    r"|Cannot fetch record for offset"  # an executor's consumer, which waits on a clock of its own
    r"|streaming\.errors\.StartBroker"
)
"""A topic that is gone counts too: opening the query again finds out, and says what to do."""

_FULL_DISK = ("No space left on device", "Disk quota exceeded")
_IN_PYTHON = "Traceback (most recent call last)"
_DEEPER = "Caused by: "
_RAISED = re.compile(r"(?![A-Z]+:)[A-Za-z_][\w.]*: ")
"""Not what PostgreSQL adds below its sentence (DETAIL, CONTEXT, HINT): that holds values of the rows."""


def read_failure(spark: SparkSession, ended: StreamingQuery) -> str | None:
    """All that the JVM knows of why a query ended, causes included; None if it just ended."""
    query: Any = ended
    error = query._jsq.exception()
    jvm: Any = spark._jvm
    return None if error.isEmpty() else str(jvm.org.apache.spark.util.Utils.exceptionString(error.get()))


def is_broker_absence(failure: str) -> bool:
    """True where no broker answered: started again, the query goes on where it was."""
    return ABSENT_BROKER.search(failure) is not None


def is_disk_full(failure: str) -> bool:
    """True where something could not be written for want of room."""
    return any(words in failure for words in _FULL_DISK)


def describe_full_disk(folders: Iterable[Path]) -> str:
    """Where room is needed: of the folders that exist, the one with the least."""
    free, folder = min((shutil.disk_usage(folder).free, str(folder)) for folder in folders if folder.exists())
    return f"no space left on the disk of {folder} ({free >> 20} MiB are free): make room and start again"


def own_sentence(failure: str) -> str | None:
    """The sentence of one of our own errors, if one of them was raised."""
    causes = [line for line in failure.splitlines() if _RAISED.match(line)]
    return next((line.split(": ", 1)[1] for line in causes if line.startswith(("streaming.", "warehouse."))), None)


def first_cause(failure: str) -> str:
    """The line that says most: of our own error, else what Python raised last, else the JVM's deepest cause."""
    said, _, _ = failure.partition("=== Streaming Query ===")  # Spark's appendix: identifiers and plans
    raised = [line for line in reversed(said.partition(_IN_PYTHON)[2].splitlines()) if _RAISED.match(line)]
    deepest = [line.removeprefix(_DEEPER) for line in reversed(failure.splitlines()) if line.startswith(_DEEPER)]
    lines = [line.strip() for line in failure.splitlines() if line.strip()]
    told = [line for line in [*raised, *deepest, *lines] if not line.startswith("py4j.")]  # only that the JVM raised
    return [*filter(None, [own_sentence(failure)]), *told, "it gave no reason"][0][:500]
