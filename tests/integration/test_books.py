"""Old entries of the ledger and old counts become sums: fewer rows, the same totals, and the recount still agrees."""

from tests.support.faults.maintenance import send_posts
from tests.support.stream import StreamBench
from warehouse.database.connections import role_url
from warehouse.database.rollup import roll_up_old_rows


def test_folded_books_keep_every_sum(bench: StreamBench) -> None:
    for first in (0, 40, 80):
        send_posts(bench, first)
        bench.drain()
    assert fold(bench) == {"ops.ledger": 0, "ops.row_counts": 0}
    bench.run_sql(
        "UPDATE ops.ledger AS l SET committed_at = committed_at - interval '30 days' "
        "WHERE silver_version <> (SELECT max(silver_version) FROM ops.ledger WHERE query = l.query)"
    )
    bench.run_sql(
        "INSERT INTO ops.row_counts SELECT query, minute - interval '29 days 1 minute', outcome, 1 "
        "FROM ops.row_counts WHERE rows > 1"
    )
    bench.run_sql("UPDATE ops.row_counts SET rows = rows - 1 WHERE rows > 1")
    folded = fold(bench)
    assert folded["ops.ledger"] == 2  # the older one of two of posts and of readings
    assert folded["ops.row_counts"] >= 3  # silver and quarantine of posts, silver of readings
    assert fold(bench) == {"ops.ledger": 0, "ops.row_counts": 0}
    bench.assert_exact()
    send_posts(bench, 120)
    bench.drain()
    bench.assert_exact()


def fold(bench: StreamBench) -> dict[str, int]:
    return roll_up_old_rows(role_url(bench.settings.postgres, "owner"))
