-- The counts that are shown to people, by query and outcome, of every query that PostgreSQL has heard of.
SELECT query, outcome, coalesce(e.rows, 0) AS recounted, coalesce(f.rows, 0) AS postgres,
    CASE WHEN coalesce(e.rows, 0) <> coalesce(f.rows, 0) THEN 'rows' END AS difference
FROM (
    SELECT d.topic AS query,
        CASE
            WHEN l.places IS NULL THEN 'duplicate'
            WHEN l.places[1] = 'deletions' THEN 'deletion'
            WHEN l.places[1] = 'quarantine' THEN 'quarantine:' || l.rules[1]
            ELSE l.places[1]
        END AS outcome,
        count(*) AS rows
    FROM due AS d LEFT JOIN landed AS l USING (topic, generation, "partition", "offset")
    WHERE d.topic IN (SELECT query FROM pg_ledger)
    GROUP BY ALL
    UNION ALL
    SELECT topic, 'late', count(*) FROM event_times
    WHERE kafka_us - event_us > getvariable('late_us') AND topic IN (SELECT query FROM pg_ledger)
    GROUP BY topic
) AS e
FULL JOIN (SELECT query, outcome, rows FROM pg_row_counts WHERE query IN (SELECT topic FROM horizons)) AS f USING (query, outcome)
