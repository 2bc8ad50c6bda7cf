-- When each partition's offsets became visible: one row per ledger row and partition.
SELECT query, partition.key::int, partition.value::bigint, committed_at
FROM ops.ledger CROSS JOIN LATERAL jsonb_each_text(to_offsets) AS partition
WHERE committed_at >= %(since)s
ORDER BY committed_at
