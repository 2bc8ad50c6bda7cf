"""Keeps the pipeline's own books short: old ledger entries and counts become sums, so that every total stays right.

The recount compares totals, and the end of each entry, with the lake: a sum has the same total and the same end.
"""

from contextlib import closing

from warehouse.database.connections import connect, read_sql

KEPT_DAYS = 7
"""Full detail before a query's newest entry: the page shows 24 hours, a measured run takes less than a day."""
FOLDS = {"ops.ledger": "ledger/fold_entries.sql", "ops.row_counts": "ledger/fold_counts.sql"}


def roll_up_old_rows(owner_url: str) -> dict[str, int]:
    """Table -> how many of its rows went into sums; none when repeated.

    Raises:
        DatabaseAbsent: PostgreSQL does not answer.
    """
    folded = {}
    with closing(connect(owner_url, application_name="afluente maintain")) as connection:
        for table, statement in FOLDS.items():
            with connection, connection.cursor() as cursor:
                cursor.execute(read_sql(statement), {"days": KEPT_DAYS})
                folded[table] = int(cursor.fetchall()[0][0])
    return folded
