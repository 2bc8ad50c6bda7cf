-- Every bronze offset below silver's end is in silver, quarantine or deletions, or in none of them (a duplicate); and nothing
-- is there that bronze does not have. Left out: places that silver has passed and bronze has not.
SELECT topic, generation, "partition", "offset", d.verdict, array_to_string(l.places, ', ') AS places,
    CASE
        WHEN d.verdict IS NULL THEN 'not in bronze below silver''s end'
        WHEN len(l.places) > 1 THEN 'in more than one place'
        WHEN len(l.places) IS NULL AND d.is_current AND d.verdict NOT IN ('valid', 'deletion')
            THEN 'neither used nor quarantined'
    END AS difference
FROM due AS d
FULL JOIN landed AS l USING (topic, generation, "partition", "offset")
LEFT JOIN ends AS e USING (topic, generation, "partition")
WHERE d.verdict IS NOT NULL OR e.bronze_stop IS NULL OR "offset" < e.bronze_stop OR "offset" >= e.silver_stop
