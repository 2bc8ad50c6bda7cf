-- `maintain` folds old entries and counts into sums, as the owner: the writer only adds.
COMMENT ON TABLE ops.ledger IS 'Grain: one silver version of one query that is applied here; written in the transaction of its increments. Entries older than a week are one: their sum, from the beginning on.';
COMMENT ON TABLE ops.row_counts IS 'Grain: query, minute of batch time, outcome. Additive. Older than a week: one row per day, at its first minute.';
