-- Rolls up the old rows of each query into one, with the sum of their rows from the beginning, as after a rebuild, and the
-- end offsets of the newest of them. Old: committed more than `days` before the query's newest row. Returns how many rows
-- were removed.
WITH edge AS (
    SELECT e.query, max(e.silver_version) AS silver_version
    FROM ops.ledger AS e
    JOIN (SELECT query, max(committed_at) AS newest FROM ops.ledger GROUP BY query) AS n ON n.query = e.query
    WHERE e.committed_at < n.newest - make_interval(days => %(days)s)
    GROUP BY e.query
), total AS (
    SELECT query, edge.silver_version, sum(e.rows) AS rows, max(e.newest_event_at) AS newest_event_at
    FROM ops.ledger AS e JOIN edge USING (query)
    WHERE e.silver_version <= edge.silver_version
    GROUP BY query, edge.silver_version
    HAVING count(*) > 1
), kept AS (
    UPDATE ops.ledger AS k
    SET from_offsets = '{}', rows = total.rows, newest_event_at = total.newest_event_at
    FROM total
    WHERE k.query = total.query AND k.silver_version = total.silver_version
    RETURNING k.query, k.silver_version
), gone AS (
    DELETE FROM ops.ledger AS e
    USING kept
    WHERE e.query = kept.query AND e.silver_version < kept.silver_version
    RETURNING 1
)
SELECT count(*) FROM gone
