-- A record is in the table that the second parse of its bytes requires, and in quarantine for the same rule. Records
-- that were processed under older rules are left out (and reported).
SELECT record.topic, record.generation, record."partition", record."offset", record.verdict,
    array_to_string(found.places, ', ') AS places, array_to_string(list_filter(found.rules, lambda r: r IS NOT NULL), ', ') AS rules,
    CASE
        WHEN found.places IS NULL AND record.verdict IN ('valid', 'deletion') THEN NULL
        WHEN found.places IS NULL THEN 'should be in quarantine'
        WHEN record.verdict = 'valid' AND NOT list_contains(found.places, 'silver') THEN 'should be in silver'
        WHEN record.verdict = 'deletion' AND NOT list_contains(found.places, 'deletions') THEN 'should be in deletions'
        WHEN record.verdict NOT IN ('valid', 'deletion') AND NOT list_contains(found.places, 'quarantine') THEN 'should be in quarantine'
        WHEN record.verdict NOT IN ('valid', 'deletion') AND NOT list_contains(found.rules, record.verdict) THEN 'another rule'
    END AS difference
FROM processed AS record
LEFT JOIN placements AS found USING (topic, generation, "partition", "offset")
WHERE record.is_current
