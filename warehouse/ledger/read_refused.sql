-- The batch that stopped a query last, unless an operator has allowed it.
SELECT to_offsets, records, reason FROM (
    SELECT * FROM ops.refused_batches WHERE query = %(query)s AND generation = %(generation)s ORDER BY refused_at DESC LIMIT 1
) AS newest
WHERE allowed_at IS NULL
