-- Adds the records of a batch to the counts per outcome and minute of the batch's time.
INSERT INTO ops.row_counts AS counted (query, minute, outcome, rows)
SELECT %(query)s, minute, outcome, rows
FROM unnest(%(minutes)s::timestamptz[], %(outcomes)s::text[], %(rows)s::bigint[]) AS added (minute, outcome, rows)
ORDER BY minute, outcome
ON CONFLICT (query, minute, outcome) DO UPDATE SET rows = counted.rows + excluded.rows
