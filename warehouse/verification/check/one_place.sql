-- Every bronze offset below silver's end is in exactly one of silver, quarantine and deletions, or in none of them (a
-- duplicate); and these tables have no record that bronze does not have. Left out: offsets that silver has read and
-- bronze has not reached yet.
SELECT topic, generation, "partition", "offset", record.verdict, array_to_string(found.places, ', ') AS places,
    CASE
        WHEN record.verdict IS NULL THEN 'not in bronze below silver''s end'
        WHEN len(found.places) > 1 THEN 'in more than one place'
        WHEN len(found.places) IS NULL AND record.is_current AND record.verdict NOT IN ('valid', 'deletion')
            THEN 'neither used nor quarantined'
    END AS difference
FROM processed AS record
FULL JOIN placements AS found USING (topic, generation, "partition", "offset")
LEFT JOIN ends AS e USING (topic, generation, "partition")
WHERE record.verdict IS NOT NULL OR e.bronze_stop IS NULL OR "offset" < e.bronze_stop OR "offset" >= e.silver_stop
