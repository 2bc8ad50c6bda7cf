-- `ops.row_counts` by query and outcome, for every query with a ledger row or with counts. A duplicate is an offset
-- below silver's end that has no first outcome; where bronze has not reached that offset yet, the number of offsets is
-- used in place of records.
SELECT query, outcome, coalesce(e.rows, 0) AS recounted, coalesce(f.rows, 0) AS postgres,
    CASE WHEN coalesce(e.rows, 0) <> coalesce(f.rows, 0) THEN 'rows' END AS difference
FROM (
    SELECT topic AS query, outcome, count(*) AS rows FROM first_outcomes GROUP BY ALL
    UNION ALL
    SELECT topic, 'replayed', count(*) FROM silver SEMI JOIN quarantined USING (topic, generation, "partition", "offset")
    WHERE place = 'silver' GROUP BY topic
    UNION ALL
    SELECT topic, 'duplicate', sum(records) FROM (
        SELECT topic, count(*) AS records FROM processed
        ANTI JOIN first_outcomes USING (topic, generation, "partition", "offset") GROUP BY topic
        UNION ALL
        SELECT topic, sum(greatest(silver_stop - bronze_stop, 0)) FROM ends GROUP BY topic
        UNION ALL
        SELECT topic, -count(*) FROM first_outcomes JOIN ends USING (topic, generation, "partition")
        WHERE "offset" >= bronze_stop AND "offset" < silver_stop GROUP BY topic
    )
    GROUP BY topic
    UNION ALL
    SELECT topic, part, count(*)
    FROM (
        SELECT topic, unnest([
            CASE WHEN kafka_us - event_us > getvariable('late_us') THEN 'late' END,
            CASE WHEN event_us < getvariable('earliest_us') THEN 'warned:ancient_time' END,
            CASE WHEN event_us - kafka_us > getvariable('tolerance_us') THEN 'warned:future_time' END
        ]) AS part
        FROM event_times ANTI JOIN quarantined USING (topic, generation, "partition", "offset")
    )
    WHERE part IS NOT NULL GROUP BY topic, part
) AS e
FULL JOIN (SELECT query, outcome, rows FROM pg_row_counts WHERE query IN (SELECT topic FROM horizons)) AS f USING (query, outcome)
WHERE f.query IS NOT NULL OR query IN (SELECT query FROM pg_ledger)
