-- The newest silver version of a query that is in the warehouse; null before the first.
SELECT max(silver_version) FROM ops.ledger WHERE query = %(query)s
