-- Can the numbers be trusted? Outcomes of the records of the newest 24 hours of processing, per query.
-- Late rows and warnings are left out: they are counted as silver already.
SELECT query, outcome, sum(rows)::bigint AS records, round(sum(rows) / sum(sum(rows)) OVER (PARTITION BY query), 6) AS share
FROM serving.pipeline_counts
WHERE minute > (SELECT max(minute) FROM serving.pipeline_counts) - interval '24 hours' AND outcome <> 'late' AND outcome NOT LIKE 'warned:%'
GROUP BY query, outcome
ORDER BY query, records DESC, outcome;
