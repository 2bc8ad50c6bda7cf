-- A valid record that is in no table must be a duplicate: a row with the same identity was ingested before it or in
-- the same batch. "Before" is judged by time or by silver's version, because the clock may have been set back in
-- between. For a replayed record that row may also be younger, by up to the deduplication horizon. Where the commit of
-- the record's batch is no longer in the log, its time is unknown and only the existence of the row is checked.
SELECT record.topic, record.generation, record."partition", record."offset", record.batch_us, t.first_us,
    CASE
        WHEN t.first_us IS NULL THEN 'lost: no row has its identity'
        WHEN t.first_us > record.batch_us + CASE WHEN record.is_replayed THEN h.horizon_us ELSE 0 END
            AND coalesce(t.first_version > record.version, true) THEN 'lost: the row with its identity was ingested later'
    END AS difference
FROM (SELECT * FROM processed ANTI JOIN placements USING (topic, generation, "partition", "offset")) AS record
LEFT JOIN (
    SELECT topic, identity, min(ingested_us) AS first_us, min(version) FILTER (batch_us = ingested_us) AS first_version
    FROM silver LEFT JOIN (SELECT topic, generation, "partition", "offset", version, batch_us FROM processed)
        USING (topic, generation, "partition", "offset")
    GROUP BY topic, identity
) AS t USING (topic, identity)
JOIN horizons AS h USING (topic)
WHERE record.verdict IN ('valid', 'deletion')
