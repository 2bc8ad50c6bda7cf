-- Rows by outcome and minute of the batch: nothing is dropped in silence.
INSERT INTO ops.row_counts AS counted (query, minute, outcome, rows)
SELECT %(query)s, minute, outcome, rows
FROM unnest(%(minutes)s::timestamptz[], %(outcomes)s::text[], %(rows)s::bigint[]) AS added (minute, outcome, rows)
ORDER BY minute, outcome
ON CONFLICT (query, minute, outcome) DO UPDATE SET rows = counted.rows + excluded.rows
