"""Roll-up of old rows of `ops.ledger` and `ops.row_counts`: fewer rows, same totals, and the recount still agrees."""

from tests.support.faults.maintenance import send_batch
from tests.support.stream import InProcessStream
from warehouse.database.connections import role_url
from warehouse.database.rollup import roll_up_old_rows


def test_rolled_up_rows_keep_every_sum(stream: InProcessStream) -> None:
    for first in (0, 40, 80):
        send_batch(stream, first)
        stream.drain()
    assert roll_up(stream) == {"ops.ledger": 0, "ops.row_counts": 0}
    stream.run_sql(
        "UPDATE ops.ledger AS l SET committed_at = committed_at - interval '30 days' "
        "WHERE silver_version <> (SELECT max(silver_version) FROM ops.ledger WHERE query = l.query)"
    )
    stream.run_sql(
        "INSERT INTO ops.row_counts SELECT query, minute - interval '29 days 1 minute', outcome, 1 "
        "FROM ops.row_counts WHERE rows > 1"
    )
    stream.run_sql("UPDATE ops.row_counts SET rows = rows - 1 WHERE rows > 1")
    rolled_up = roll_up(stream)
    assert rolled_up["ops.ledger"] == 2  # the older one of two of posts and of readings
    assert rolled_up["ops.row_counts"] >= 3  # silver and quarantine of posts, silver of readings
    assert roll_up(stream) == {"ops.ledger": 0, "ops.row_counts": 0}
    stream.assert_exact()
    send_batch(stream, 120)
    stream.drain()
    stream.assert_exact()


def roll_up(stream: InProcessStream) -> dict[str, int]:
    return roll_up_old_rows(role_url(stream.settings.postgres, "owner"))
