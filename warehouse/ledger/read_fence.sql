-- The highest fence of a query in the warehouse; 0 before the first.
SELECT coalesce(max(fence), 0) FROM ops.lease WHERE query = %(query)s
