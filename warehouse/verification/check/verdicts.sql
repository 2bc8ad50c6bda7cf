-- Where a record landed agrees with a second reading of its bytes. Records judged under older rules are left out (and counted).
SELECT d.topic, d.generation, d."partition", d."offset", d.verdict,
    array_to_string(l.places, ', ') AS places, array_to_string(list_filter(l.rules, lambda r: r IS NOT NULL), ', ') AS rules,
    CASE
        WHEN l.places IS NULL AND d.verdict IN ('valid', 'deletion') THEN NULL
        WHEN l.places IS NULL THEN 'should be in quarantine'
        WHEN d.verdict = 'valid' AND NOT list_contains(l.places, 'silver') THEN 'should be in silver'
        WHEN d.verdict = 'deletion' AND NOT list_contains(l.places, 'deletions') THEN 'should be in deletions'
        WHEN d.verdict NOT IN ('valid', 'deletion') AND NOT list_contains(l.places, 'quarantine') THEN 'should be in quarantine'
        WHEN d.verdict NOT IN ('valid', 'deletion') AND NOT list_contains(l.rules, d.verdict) THEN 'another rule'
    END AS difference
FROM due AS d
LEFT JOIN landed AS l USING (topic, generation, "partition", "offset")
WHERE d.is_current
