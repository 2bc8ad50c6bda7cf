-- Up to where batches of a query may be over a limit.
SELECT to_offsets FROM ops.refused_batches
WHERE query = %(query)s AND generation = %(generation)s AND allowed_at IS NOT NULL
