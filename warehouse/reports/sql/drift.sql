-- Fields that senders have added and nobody reads, first seen before the end of what was processed.
SELECT topic, field, first_seen_at
FROM serving.pipeline_drift
WHERE first_seen_at < %(end)s
ORDER BY topic COLLATE "C", field COLLATE "C";
