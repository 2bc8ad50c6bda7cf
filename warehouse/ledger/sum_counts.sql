-- All that a query has counted, over all minutes.
SELECT outcome, sum(rows) FROM ops.row_counts WHERE query = %(query)s GROUP BY outcome
