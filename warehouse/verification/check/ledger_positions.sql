-- A ledger row has the end offsets of silver's commit of that version, and each row of a query begins where the one
-- before it ended.
SELECT l.query, l.silver_version, l."partition", l.start, l.stop, c.stop AS silver_stop, l.before,
    CASE
        WHEN l.silver_version > coalesce(n.newest, -1) THEN 'silver has no such version'
        WHEN c.stop IS NOT NULL AND l.stop <> c.stop THEN 'silver''s commit has another end offset'
        WHEN l.stop < l.start THEN 'it ends before it starts'
        WHEN l.start > l.before AND NOT EXISTS (
            FROM pg_lost_records AS x
            WHERE x.query = l.query AND x."partition" = l."partition" AND x.start <= l.before AND x.stop >= l.start
        ) THEN 'offsets are missing before it'
    END AS difference
FROM (
    SELECT e.*, lag(stop) OVER (PARTITION BY query, "partition" ORDER BY silver_version) AS before
    FROM (
        SELECT query, silver_version, CAST(entry.key AS INTEGER) AS "partition", entry."value" AS stop,
            coalesce(start_of[entry.key], 0) AS start
        FROM (
            SELECT query, silver_version, CAST(CAST(from_offsets AS JSON) AS MAP(VARCHAR, BIGINT)) AS start_of,
                unnest(map_entries(CAST(CAST(to_offsets AS JSON) AS MAP(VARCHAR, BIGINT)))) AS entry
            FROM pg_ledger
        )
    ) AS e
) AS l
LEFT JOIN commits AS c ON c.query = l.query AND c.version = l.silver_version AND c."partition" = l."partition"
LEFT JOIN versions AS n ON n.query = l.query
