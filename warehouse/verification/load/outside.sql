SELECT 'unacknowledged' AS name, count(*) AS rows FROM unacknowledged
UNION ALL
SELECT 'lost_by_' || query, sum(stop - start) FROM pg_lost_records GROUP BY query
UNION ALL
SELECT name || '_and_gone_with_its_topic', sum(rows) FROM unread WHERE is_gone GROUP BY name HAVING sum(rows) > 0
UNION ALL
SELECT 'foreign', count(*) FROM (
    SELECT topic, generation, "partition", "offset", sent_sha256 AS sha256 FROM bronze
    ANTI JOIN acknowledged USING (topic, generation, "partition", "offset")
) ANTI JOIN unacknowledged USING (topic, sha256)
UNION ALL
SELECT 'torn_journal_lines', coalesce(sum(unreadable), 0) FROM journal_lines
UNION ALL
SELECT 'judged_by_older_rules', count(*) FROM due WHERE NOT is_current
UNION ALL
SELECT 'replayed_not_marked_yet', count(*) FROM unmarked
UNION ALL
SELECT name || '_yet', coalesce(sum(rows) FILTER (WHERE NOT is_gone), 0)
FROM (VALUES ('acknowledged_not_in_bronze'), ('in_silver_not_in_bronze'), ('in_bronze_not_in_silver')) AS names (name)
LEFT JOIN unread USING (name) GROUP BY name
