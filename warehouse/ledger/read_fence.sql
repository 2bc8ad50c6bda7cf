-- The highest fence number the warehouse has seen for one query.
SELECT coalesce(max(fence), 0) FROM ops.lease WHERE query = %(query)s
