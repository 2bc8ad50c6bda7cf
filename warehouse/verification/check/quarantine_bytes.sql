-- Quarantine has the bytes of bronze, until they are purged. Rows beyond bronze's end offset are not compared yet.
SELECT topic, generation, "partition", "offset", q.rule,
    CASE
        WHEN b.kafka_us IS NULL THEN 'not in bronze'
        WHEN q.is_purged AND q.sha256 IS NOT NULL THEN 'purged, but its bytes are there'
        WHEN NOT q.is_purged AND q.sha256 IS DISTINCT FROM b.sha256 THEN 'other bytes than bronze'
        WHEN q.kafka_us IS DISTINCT FROM b.kafka_us THEN 'other kafka_at than bronze'
        WHEN q.copies > 1 THEN 'more than once in quarantine'
    END AS difference
FROM (
    SELECT *, count(*) OVER (PARTITION BY topic, generation, "partition", "offset") AS copies FROM quarantine
) AS q
LEFT JOIN bronze AS b USING (topic, generation, "partition", "offset")
LEFT JOIN ends AS e USING (topic, generation, "partition")
WHERE e.bronze_stop IS NULL OR "offset" < e.bronze_stop
