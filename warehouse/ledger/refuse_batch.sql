-- Records a refused batch. A batch that is refused again, after a restart, keeps one row.
INSERT INTO ops.refused_batches (query, generation, from_offsets, to_offsets, records, reason)
VALUES (%(query)s, %(generation)s, %(from_offsets)s, %(to_offsets)s, %(records)s, %(reason)s)
ON CONFLICT (query, generation, to_offsets)
DO UPDATE SET from_offsets = excluded.from_offsets, records = excluded.records, reason = excluded.reason,
    refused_at = clock_timestamp(), allowed_at = NULL
