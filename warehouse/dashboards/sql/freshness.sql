SELECT query AS stream, newest_event_at
FROM serving.pipeline_freshness
WHERE query IN ('posts', 'readings', 'machine_events')
ORDER BY query;
