"""Dimension rows that a batch adds: placeholders, sequence numbers, and two queries that add the same rows at once."""

import threading
from collections.abc import Callable
from typing import Any

import psycopg2
import pytest

from tests.support.warehouse_rows import AUTHOR, apply_batch, make_reading, make_tag, read_all
from warehouse.database.connections import Connection

OpenSession = Callable[[str], Connection]
READ_GHOST = "SELECT is_placeholder, model FROM warehouse.dim_machine WHERE machine_id = 'ghost'"
COUNT_GHOST_KEYS = "SELECT max(machine_key) - min(machine_key) FROM warehouse.dim_machine WHERE is_placeholder"


@pytest.mark.parametrize("query", ["readings", "machine_events"])
def test_an_unknown_machine_and_an_unknown_day_get_placeholders(session_of: OpenSession, query: str) -> None:
    writer = session_of("writer")
    rows = {
        "readings": {"reading_increments": [make_reading("ghost", "2099-12-31 23:59Z", [1])]},
        "machine_events": {"machine_event_rows": [(1, 0, 0, "e", "ghost", "2099-12-31 23:59:59.5Z", "failure", None)]},
    }
    apply_batch(writer, query, rows[query])
    assert read_all(writer, READ_GHOST) == [(True, None)]
    assert read_all(
        writer, "SELECT year, quarter, weekday, is_weekend FROM warehouse.dim_date WHERE date_id = '2099-12-31'"
    ) == [(2099, 4, 4, False)]


def test_known_names_consume_no_sequence_numbers(session_of: OpenSession) -> None:
    writer = session_of("writer")
    for _ in range(5):
        apply_batch(
            writer, "posts", {"post_increments": [make_tag("a"), ("author_day", "2026-03-06", AUTHOR, None, 1, 0, 0)]}
        )
        apply_batch(writer, "readings", {"reading_increments": [make_reading("ghost", "2026-03-06 12:00Z", [1])]})
    apply_batch(writer, "posts", {"post_increments": [make_tag("b")]})
    apply_batch(writer, "readings", {"reading_increments": [make_reading("ghost-2", "2026-03-06 12:00Z", [1])]})
    assert read_all(writer, "SELECT max(hashtag_id) - min(hashtag_id) FROM warehouse.dim_hashtag") == [(1,)]
    assert read_all(writer, COUNT_GHOST_KEYS) == [(1,)]


def test_new_dimension_rows_are_inserted_in_the_order_of_their_names(session_of: OpenSession) -> None:
    """One order for all transactions: of two that add the same new names one waits for the other, without deadlock."""
    writer = session_of("writer")
    names = [f"{n * 7919 % 50:02d}" for n in range(50)]
    at = "2026-03-06 12:00Z"
    apply_batch(writer, "readings", {"reading_increments": [make_reading(f"r{name}", at, [1]) for name in names]})
    events = [(1, 0, n, "e", f"s{name}", at, "failure", None) for n, name in enumerate(names)]
    apply_batch(writer, "machine_events", {"machine_event_rows": events})
    authors = [("author_day", "2026-03-06", f"{name:0>64}", None, 1, 0, 0) for name in names]
    apply_batch(writer, "posts", {"post_increments": [*map(make_tag, names), *authors]})
    for table, key, name in (
        ("dim_machine", "machine_key", "machine_id"),
        ("dim_hashtag", "hashtag_id", "hashtag"),
        ("dim_author", "author_id", "author_pseudonym"),
    ):
        order = read_all(writer, f"SELECT {name} FROM warehouse.{table} WHERE {name} !~ 'machine' ORDER BY {key}")  # noqa: S608 - names of this test
        assert order == sorted(order)


def test_queries_that_add_the_same_dimension_rows_never_deadlock(session_of: OpenSession) -> None:
    """Two queries add the same forty new machines and days, in opposite order, thirty times."""
    failures: list[Exception] = []
    barrier = threading.Barrier(2)

    def add_batches(query: str, session: Connection, step: int) -> None:
        for number in range(30):
            names = [(f"{number}-{n}", f"21{number:02d}-01-{1 + n % 28:02d} 12:00Z") for n in range(40)][::step]
            rows: dict[str, list[tuple[Any, ...]]] = {
                "readings": {"reading_increments": [make_reading(name, at, [1]) for name, at in names]},
                "machine_events": {
                    "machine_event_rows": [
                        (1, 0, number * 100 + n, "e", name, at, "failure", None) for n, (name, at) in enumerate(names)
                    ]
                },
            }[query]
            barrier.wait(timeout=30)
            try:
                apply_batch(session, query, rows)
            except psycopg2.Error as error:
                failures.append(error)

    threads = [
        threading.Thread(target=add_batches, args=("readings", session_of("writer"), 1)),
        threading.Thread(target=add_batches, args=("machine_events", session_of("writer"), -1)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failures == []
    writer = session_of("writer")
    assert read_all(writer, "SELECT count(*) FROM warehouse.dim_machine WHERE is_placeholder") == [(1200,)]
    assert read_all(writer, "SELECT count(*) FROM warehouse.fact_machine_event") == [(1200,)]
