"""The stream without a fault: exact, and without a commit when nothing is pending. `tests/faults` has the faults."""

from tests.support.stream import InProcessStream, send_posts_and_readings


def test_everything_is_exact_and_a_second_run_changes_nothing(stream: InProcessStream) -> None:
    send_posts_and_readings(stream, 0)
    stream.drain()
    stream.assert_exact()
    assert stream.count("silver/posts") == 40
    assert stream.count("silver/post_deletions") == 2
    assert stream.count("quarantine/posts") == 2
    count_ledger = "SELECT count(*), max(committed_at) FROM ops.ledger"
    versions, ledger = stream.versions(), stream.run_sql(count_ledger)
    stream.drain()
    assert stream.versions() == versions
    assert stream.run_sql(count_ledger) == ledger


def test_batches_without_silver_rows_move_every_table(stream: InProcessStream) -> None:
    """Nothing but duplicates and rejected records: silver, gold and PostgreSQL record the offsets all the same."""
    send_posts_and_readings(stream, 0)
    stream.drain()
    send_posts_and_readings(stream, 0)  # the same ids again
    stream.send("readings", [b"{", None])
    stream.drain()
    stream.assert_exact()
    assert stream.count("silver/posts") == 40
