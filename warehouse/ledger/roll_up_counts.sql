-- Rolls up counts of minutes that are more than `days` before the query's newest minute into counts of their days; sums
-- stay unchanged. Returns how many rows were rolled up.
WITH gone AS (
    DELETE FROM ops.row_counts AS c
    USING (SELECT query, max(minute) AS newest FROM ops.row_counts GROUP BY query) AS n
    WHERE c.query = n.query AND c.minute < date_trunc('day', n.newest, 'UTC') - make_interval(days => %(days)s)
        AND c.minute <> date_trunc('day', c.minute, 'UTC')
    RETURNING c.query, c.minute, c.outcome, c.rows
), added AS (
    INSERT INTO ops.row_counts AS counted (query, minute, outcome, rows)
    SELECT query, date_trunc('day', minute, 'UTC'), outcome, sum(rows)
    FROM gone
    GROUP BY 1, 2, 3
    ORDER BY 1, 2, 3
    ON CONFLICT (query, minute, outcome) DO UPDATE SET rows = counted.rows + excluded.rows
)
SELECT count(*) FROM gone
