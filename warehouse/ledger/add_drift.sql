-- Told once: whoever finds a field again leaves its first place as it is.
INSERT INTO ops.schema_drift (topic, field, generation, partition, "offset", first_seen_at)
SELECT %(query)s, field, %(generation)s, partition, "offset", %(batch_at)s
FROM unnest(%(fields)s::text[], %(partitions)s::int[], %(offsets)s::bigint[]) AS seen (field, partition, "offset")
ON CONFLICT (topic, field) DO NOTHING
