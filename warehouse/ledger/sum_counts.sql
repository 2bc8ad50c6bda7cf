-- Records of a query per outcome, summed over all minutes.
SELECT outcome, sum(rows) FROM ops.row_counts WHERE query = %(query)s GROUP BY outcome
