-- Records that no comparison can judge, by reason. `unacknowledged`: sent, but the broker's answer is unknown.
-- `lost_by_*`: accepted as lost by an operator. `*_and_gone_with_its_topic`: not read before the topic was deleted.
-- `foreign`: in bronze but not in the journal, so sent by another producer. `torn_journal_lines`: cut off by a crash.
-- `judged_by_older_rules`: processed before the rules changed. `*_yet`: waiting for the next layer.
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
SELECT 'judged_by_older_rules', count(*) FROM processed WHERE NOT is_current
UNION ALL
SELECT 'replayed_not_marked_yet', count(*) FROM unmarked_replays
UNION ALL
SELECT name || '_yet', coalesce(sum(rows) FILTER (WHERE NOT is_gone), 0)
FROM (VALUES ('acknowledged_not_in_bronze'), ('in_silver_not_in_bronze'), ('in_bronze_not_in_silver')) AS names (name)
LEFT JOIN unread USING (name) GROUP BY name
