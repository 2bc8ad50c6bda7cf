-- The 24 hours up to the newest batch: the counts of a stream that has stopped stay on the page.
SELECT query, outcome, sum(rows)::bigint AS rows
FROM serving.pipeline_counts
WHERE query IN ('posts', 'readings', 'machine_events')
  AND minute > (SELECT max(batch_at) FROM serving.pipeline_freshness) - interval '24 hours'
GROUP BY query, outcome
ORDER BY query, outcome;
