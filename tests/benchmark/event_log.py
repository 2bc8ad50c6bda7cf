"""Spark's event log -> CPU-seconds of the tasks by query, and how long the phases of the batches took."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.benchmark.report import Part

_UNKNOWN = "no query"
_SHOWN_PHASES = ("triggerExecution", "addBatch", "queryPlanning", "getBatch", "latestOffset", "walCommit")


def read_query_seconds(folder: Path) -> tuple[list[Part], list[str]]:
    """Parts by query, and one sentence per query about its batches."""
    return parse_events(line for path in sorted(folder.rglob("*")) if path.is_file() for line in _read_lines(path))


def parse_events(lines: Iterable[str]) -> tuple[list[Part], list[str]]:
    """The same from the lines of an event log."""
    query_of_stage: dict[int, str] = {}
    seconds: Counter[str] = Counter()
    batches: Counter[str] = Counter()
    names: dict[str, str] = {}  # of the queries, by id
    phases: dict[str, Counter[str]] = {}
    for event in _parse(lines):
        kind = event.get("Event", "")
        if kind == "SparkListenerJobStart":
            query = find_query(event.get("Properties") or {})
            query_of_stage.update(dict.fromkeys(event["Stage IDs"], query))
        elif kind == "SparkListenerTaskEnd":
            nanoseconds = (event.get("Task Metrics") or {}).get("Executor CPU Time", 0)
            seconds[query_of_stage.get(event["Stage ID"], _UNKNOWN)] += nanoseconds / 1e9
        elif kind.endswith("QueryProgressEvent"):
            progress = event["progress"]
            progress = json.loads(progress) if isinstance(progress, str) else progress
            names[progress["id"]] = progress["name"]
            batches[progress["name"]] += 1
            phases.setdefault(progress["name"], Counter()).update(progress["durationMs"])
    notes = [
        f"{query}: {batches[query]} batches; milliseconds in all: "
        + ", ".join(f"{phase} {total[phase]}" for phase in _SHOWN_PHASES if total[phase])
        for query, total in sorted(phases.items())
    ]
    by_name: Counter[str] = Counter()
    for query, total in seconds.items():
        by_name[names.get(query, query)] += total
    return [Part(query, total) for query, total in by_name.items()], notes


def find_query(properties: dict[str, str]) -> str:
    """The id of the query that a job belongs to, which Delta's own jobs inherit; else what the job says of itself."""
    return properties.get("sql.streaming.queryId") or properties.get("spark.job.description", "")[:40] or _UNKNOWN


def _read_lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def _parse(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:  # the last line of a driver that was killed
            continue
