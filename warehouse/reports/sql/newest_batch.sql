-- When the newest batch of all was processed. A window that reaches the newest event takes in every batch up to it.
SELECT max(batch_at) AS batch_at FROM serving.pipeline_freshness WHERE query = ANY(%(streams)s);
