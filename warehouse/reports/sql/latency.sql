-- Age of the newest event of each batch when it was committed, per bin of event time.
SELECT query AS stream, date_bin(%(step)s, newest_event_at, %(start)s) AS starts_at, count(*) AS batches,
       round(percentile_disc(0.5) WITHIN GROUP (ORDER BY age_seconds), 3)::double precision AS median_seconds,
       round(percentile_disc(0.95) WITHIN GROUP (ORDER BY age_seconds), 3)::double precision AS p95_seconds,
       round(max(age_seconds), 3)::double precision AS worst_seconds
FROM serving.pipeline_batches
WHERE query = ANY(%(streams)s) AND newest_event_at >= %(start)s AND newest_event_at < %(end)s
GROUP BY query, 2
ORDER BY query COLLATE "C", 2;
