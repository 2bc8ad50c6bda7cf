SELECT 'unacknowledged' AS name, count(*) AS rows FROM unacknowledged
UNION ALL
SELECT 'lost_by_' || query, sum(stop - start) FROM pg_lost_records GROUP BY query
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
SELECT 'acknowledged_not_in_bronze_yet', coalesce(sum(waiting), 0) FROM waiting WHERE place = 'topic, not yet in bronze'
UNION ALL
SELECT 'in_silver_not_in_bronze_yet', coalesce(sum(waiting), 0) FROM waiting WHERE place = 'silver, not yet in bronze'
UNION ALL
SELECT 'in_bronze_not_in_silver_yet', coalesce(sum(waiting), 0) FROM waiting WHERE place = 'bronze, not yet in silver'
