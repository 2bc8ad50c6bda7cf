-- Seconds from an event's sending to its visibility in PostgreSQL, per topic. Valid events only: no number on the page
-- shows the others. Times are UTC without a zone: zones would need a DuckDB extension that is not shipped.
-- An event is visible when the first ledger row whose range covers its offset was committed.
WITH lines AS (
    SELECT * FROM read_json(
        $files, format = 'newline_delimited', filename = true, ignore_errors = true,  -- a killed producer's last line
        columns = {e: 'VARCHAR', n: 'BIGINT', topic: 'VARCHAR', "at": 'TIMESTAMP', verdict: 'VARCHAR',
                   partition: 'INTEGER', "offset": 'BIGINT'})
),
sent AS (
    SELECT filename, n, topic, "at" FROM lines
    WHERE e = 'intent' AND verdict = 'valid' AND "at" >= $since
),
acknowledged AS (
    SELECT filename, n, partition, "offset" FROM lines WHERE e = 'ack'
),
covered AS (
    SELECT topic, partition, to_offset, min(committed_at) AS visible_at FROM commits GROUP BY ALL
)
SELECT sent.topic, count(*), quantile_cont(epoch(visible_at - "at"), 0.5), quantile_cont(epoch(visible_at - "at"), 0.99)
FROM sent
JOIN acknowledged USING (filename, n)
ASOF JOIN covered
    ON sent.topic = covered.topic AND acknowledged.partition = covered.partition
    AND acknowledged."offset" < covered.to_offset
GROUP BY sent.topic
ORDER BY sent.topic
