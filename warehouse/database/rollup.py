"""Rolls up old rows of `ops.ledger` and `ops.row_counts` into sums: both tables stay short, all totals stay the same.

The recount (`warehouse.verification`) compares totals, and the end offsets of each ledger row, with the lake: a row
that sums others has their total and the end offsets of the newest of them.
"""

from contextlib import closing

from warehouse.database.connections import connect, read_sql

DETAIL_DAYS = 7
"""Rows are kept for that many days before a query's newest: the page shows 24 hours, a measured run is under a day."""
STATEMENTS = {"ops.ledger": "ledger/roll_up_entries.sql", "ops.row_counts": "ledger/roll_up_counts.sql"}


def roll_up_old_rows(owner_url: str) -> dict[str, int]:
    """Table -> number of its rows that were rolled up; 0 when repeated. One transaction per table.

    Raises:
        DatabaseAbsent: PostgreSQL does not answer.
    """
    rolled_up = {}
    with closing(connect(owner_url, application_name="afluente maintain")) as connection:
        for table, statement in STATEMENTS.items():
            with connection, connection.cursor() as cursor:
                cursor.execute(read_sql(statement), {"days": DETAIL_DAYS})
                rolled_up[table] = int(cursor.fetchall()[0][0])
    return rolled_up
