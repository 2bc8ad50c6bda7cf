-- What became of the records, per bin of processing time.
SELECT query AS stream, date_bin(%(step)s, minute, %(start)s) AS starts_at, outcome, sum(rows)::bigint AS records
FROM serving.pipeline_counts
WHERE query = ANY(%(streams)s) AND minute >= %(start)s AND minute < %(end)s
GROUP BY query, 2, outcome
ORDER BY query COLLATE "C", 2, outcome COLLATE "C";
