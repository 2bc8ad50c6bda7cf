"""List rejected records, show one, replay them after a fix, or purge their bytes.

An id is topic/generation/partition/offset, as `list` prints it. A replay judges the original bytes under the present
rules: valid records are written to silver once, with the time when they were first seen, and the running stream or its
next start applies them to PostgreSQL and gold. A record can be replayed once it is older, counted to the newest batch,
than its topic's deduplication horizon: a repeat that arrives later counts as a new record.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from jobs.cli import parse, run
from jobs.settings import Settings
from warehouse.lake.quarantine_reader import (
    Record,
    RecordId,
    Selection,
    list_records,
    parse_age,
    parse_id,
    read_record,
    summarize_rules,
)

GROUP = "operate"
NEEDS_SPARK = "replay purge"
SHOWN_BYTES = 2_000
"""Printed of a record, unless --raw asks for all: a screenful."""


def build_parser() -> argparse.ArgumentParser:
    """The job's options."""
    parser = argparse.ArgumentParser(
        prog="quarantine", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "action",
        choices=["list", "show", "replay", "purge"],
        help="list: counts by topic and rule, then the newest records; show ID: reason and bytes; "
        "replay: judge again; purge: remove bytes (bronze keeps its copy)",
    )
    parser.add_argument("ids", nargs="*", type=_argument(parse_id), metavar="ID", help="only these records")
    parser.add_argument("--topic", help="only records of this topic")
    parser.add_argument("--rule", help="only records that broke this rule")
    parser.add_argument(
        "--older-than",
        type=_argument(parse_age),
        metavar="AGE",
        help="only records first seen so long ago: 90s, 15m, 12h, 30d; purge needs it",
    )
    parser.add_argument("--limit", type=int, default=20, help="list: records to print (default: %(default)s)")
    parser.add_argument("--raw", action="store_true", help="show: the value's bytes to standard output, nothing else")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0; an id that does not exist is one sentence and code 1, an unknown topic code 2."""
    parser = build_parser()
    arguments, settings = parse(parser, argv)
    topics = tuple(settings.kafka.partitions)
    _check(parser, arguments, topics)
    now = datetime.now(UTC)
    before = None if arguments.older_than is None else now - arguments.older_than
    selection = Selection(arguments.topic, arguments.rule, before, tuple(arguments.ids))
    console = Console(highlight=False)
    if arguments.action == "list":
        _list(settings, topics, selection, arguments.limit, console)
    elif arguments.action == "show":
        _show(read_record(settings.lake.path, topics, arguments.ids[0]), arguments.raw, console)
    else:
        act = _replay if arguments.action == "replay" else _purge
        act(settings, selection, now, console)
    return 0


def _check(parser: argparse.ArgumentParser, arguments: argparse.Namespace, topics: tuple[str, ...]) -> None:
    unknown = {arguments.topic, *(record.topic for record in arguments.ids)} - {None, *topics}
    if unknown:
        parser.error(f"unknown topic {', '.join(sorted(unknown))}; known: {', '.join(topics)}")
    if arguments.action == "show" and len(arguments.ids) != 1:
        parser.error("show needs one ID; list prints them")
    if arguments.action == "purge" and arguments.older_than is None:
        parser.error("purge needs --older-than, e.g. --older-than 30d")


def _list(settings: Settings, topics: tuple[str, ...], selection: Selection, limit: int, console: Console) -> None:
    summaries = summarize_rules(settings.lake.path, topics, selection)
    if not summaries:
        console.print("quarantine holds no such record")
        return
    table = Table("topic", "rule", box=None)
    for name in ("waiting", "replayed", "purged"):
        table.add_column(name, justify="right")
    table.add_column("oldest")
    table.add_column("newest")
    for summary in summaries:
        numbers = (f"{rows:,}" for rows in (summary.waiting, summary.replayed, summary.purged))
        table.add_row(summary.topic, summary.rule, *numbers, _say(summary.oldest), _say(summary.newest))
    console.print(table)
    records = list_records(settings.lake.path, topics, selection, limit)
    if records:
        console.print(_make_list(records))


def _make_list(records: list[Record]) -> Table:
    table = Table("id", "first seen", "rule", "reason", box=None, title="newest waiting records", title_justify="left")
    for record in records:
        table.add_row(str(record.id), _say(record.first_seen_at), record.rule, record.reason)
    return table


def _show(record: Record, raw: bool, console: Console) -> None:
    if raw:
        sys.stdout.buffer.write(record.value or b"")
        return
    for name, said in {
        "id": record.id,
        "state": record.state,
        "rule": record.rule,
        "reason": record.reason,
        "arrived": _say(record.kafka_at),
        "first seen": _say(record.first_seen_at),
        "replayed": _say(record.replayed_at),
        "purged": _say(record.purged_at),
        "key": _readable(record.key),
    }.items():
        console.print(f"{name:<11} {said}", markup=False, soft_wrap=True)
    console.print(f"{'value':<11} {_readable(record.value)}", markup=False, soft_wrap=True)


def _readable(data: bytes | None) -> str:
    """Bytes as text without control characters: what is not printable is escaped."""
    if data is None:
        return "none"
    shown = data[:SHOWN_BYTES].decode("utf-8", "backslashreplace")
    text = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in shown)
    more = f" ... ({len(data):,} bytes, --raw prints all)" if len(data) > SHOWN_BYTES else f" ({len(data):,} bytes)"
    return text + more


def _replay(settings: Settings, selection: Selection, now: datetime, console: Console) -> None:
    from streaming.operations.quarantine_replay import Replay
    from streaming.queries.topic_pipelines import build_topic_pipelines  # only here: list and show start without Spark

    def replay(runtime: Any, topic: str) -> str:
        done = Replay(runtime, build_topic_pipelines(runtime.key_file)[topic], now).run(selection)
        young = f", {done.too_young} too young (eligible with a batch after {_say(done.eligible_at)})"
        waits = young if done.too_young else ""
        return f"{topic}: {done.used} used, {done.duplicates} duplicates, {done.still_bad} still bad{waits}"

    _act(settings, selection, replay, console)


def _purge(settings: Settings, selection: Selection, now: datetime, console: Console) -> None:
    from streaming.operations.quarantine_purge import purge

    def empty(runtime: Any, topic: str) -> str:
        return f"{topic}: {purge(runtime, topic, selection, now)} purged"

    _act(settings, selection, empty, console)


def _act(settings: Settings, selection: Selection, act: Callable[[Any, str], str], console: Console) -> None:
    """Runs `act` topic by topic; prints a line for each."""
    from jobs.session import open_session
    from jobs.wiring import build_runtime

    with open_session("quarantine") as spark:
        runtime = build_runtime(spark, settings, available_now=True)
        for topic in selection.topics(tuple(settings.kafka.partitions)):
            console.print(act(runtime, topic), markup=False, soft_wrap=True)


def _say(at: datetime | None) -> str:
    return "-" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _argument(read: Callable[[str], RecordId] | Callable[[str], timedelta]) -> Callable[[str], Any]:
    """For argparse, which does not print the message of a ValueError."""

    def take(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return take


if __name__ == "__main__":
    run(main)
