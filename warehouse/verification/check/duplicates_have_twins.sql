-- A valid record that landed nowhere is a duplicate only if an earlier (or equally old) row has its identity.
-- Earlier by time or by silver's version: the clock may have been set back in between.
-- Of a replayed record the twin may have come later, within the horizon. Its own time is its batch's, or at least its arrival's where the commit is no longer in the log.
SELECT d.topic, d.generation, d."partition", d."offset", d.batch_us, t.first_us,
    CASE
        WHEN t.first_us IS NULL THEN 'lost: no row has its identity'
        WHEN t.first_us > d.batch_us + CASE WHEN d.is_replayed THEN h.horizon_us ELSE 0 END
            AND coalesce(t.first_version > d.version, true) THEN 'lost: the row with its identity is younger'
    END AS difference
FROM (SELECT * FROM due ANTI JOIN landed USING (topic, generation, "partition", "offset")) AS d
LEFT JOIN (
    SELECT topic, identity, min(ingested_us) AS first_us, min(version) FILTER (batch_us = ingested_us) AS first_version
    FROM silver LEFT JOIN (SELECT topic, generation, "partition", "offset", version, batch_us FROM due)
        USING (topic, generation, "partition", "offset")
    GROUP BY topic, identity
) AS t USING (topic, identity)
JOIN horizons AS h USING (topic)
WHERE d.verdict IN ('valid', 'deletion')
