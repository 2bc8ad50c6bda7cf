-- Records unknown fields of a topic. A field that is known already keeps the place where it was first seen.
INSERT INTO ops.schema_drift (topic, field, generation, partition, "offset", first_seen_at)
SELECT %(query)s, field, %(generation)s, partition, "offset", %(batch_at)s
FROM unnest(%(fields)s::text[], %(partitions)s::int[], %(offsets)s::bigint[]) AS seen (field, partition, "offset")
ON CONFLICT (topic, field) DO NOTHING
