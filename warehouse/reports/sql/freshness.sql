-- Per stream: its newest event before the end of the window, and the batch that brought it. Batches older than a week are
-- summed up: then only the newest event of all is known, without a batch.
SELECT f.query AS stream, b.newest_event_at, b.committed_at, b.age_seconds::double precision AS age_seconds
FROM serving.pipeline_freshness AS f
LEFT JOIN LATERAL (
    SELECT newest_event_at, committed_at, round(age_seconds, 3) AS age_seconds
    FROM serving.pipeline_batches AS b
    WHERE b.query = f.query AND b.newest_event_at < %(end)s
    ORDER BY b.newest_event_at DESC, b.committed_at LIMIT 1) AS b ON true
WHERE f.query = ANY(%(streams)s)
ORDER BY f.query COLLATE "C";
