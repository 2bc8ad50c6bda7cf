-- How far the warehouse follows silver for one query: the newest silver version in the ledger.
SELECT max(silver_version) FROM ops.ledger WHERE query = %(query)s
