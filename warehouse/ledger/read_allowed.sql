-- End offsets of the batches that an operator allowed although they exceed a limit.
SELECT to_offsets FROM ops.refused_batches
WHERE query = %(query)s AND generation = %(generation)s AND allowed_at IS NOT NULL
