-- Let through by an operator.
UPDATE ops.refused_batches SET allowed_at = clock_timestamp()
WHERE query = %(query)s AND generation = %(generation)s AND to_offsets = %(to_offsets)s
