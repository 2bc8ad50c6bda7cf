"""The stream on the real broker and database: exact, and idle when idle. What breaks it is in `tests/faults`."""

from tests.support.stream import StreamBench, send_mixture


def test_everything_is_exact_and_a_second_run_changes_nothing(bench: StreamBench) -> None:
    send_mixture(bench, 0)
    bench.drain()
    bench.assert_exact()
    assert bench.count("silver/posts") == 40
    assert bench.count("silver/post_deletions") == 2
    assert bench.count("quarantine/posts") == 2
    count_ledger = "SELECT count(*), max(committed_at) FROM ops.ledger"
    versions, ledger = bench.versions(), bench.run_sql(count_ledger)
    bench.drain()
    assert bench.versions() == versions
    assert bench.run_sql(count_ledger) == ledger
