-- An operator allows a refused batch.
UPDATE ops.refused_batches SET allowed_at = clock_timestamp()
WHERE query = %(query)s AND generation = %(generation)s AND to_offsets = %(to_offsets)s
