-- Every record that the broker acknowledged is in bronze with the same bytes. Left out: offsets that bronze has not
-- reached yet, and those accepted as lost.
SELECT a.topic, a."partition", a."offset", a.file, a.n,
    CASE
        WHEN a.topic IS NULL THEN 'acknowledged without an intent'
        WHEN a.generation IS NULL AND b."offset" IS NULL THEN 'acknowledged but not in bronze'
        WHEN a.generation IS NULL THEN 'other bytes in bronze'
        WHEN a.times > 1 THEN 'acknowledged more than once'
    END AS difference
FROM (SELECT *, count(*) OVER (PARTITION BY topic, generation, "partition", "offset") AS times FROM acknowledged) AS a
LEFT JOIN ends AS e ON e.topic = a.topic AND e."partition" = a."partition" AND e.generation = a.expected_generation
LEFT JOIN (SELECT DISTINCT topic, generation, "partition", "offset" FROM bronze) AS b
    ON b.topic = a.topic AND b.generation = a.expected_generation AND b."partition" = a."partition" AND b."offset" = a."offset"
ANTI JOIN (SELECT * FROM pg_lost_records WHERE query = 'bronze') AS x
    ON a.generation IS NULL AND x.topic = a.topic AND x."partition" = a."partition" AND a."offset" >= x.start AND a."offset" < x.stop
WHERE a.topic IS NULL OR a.generation IS NOT NULL OR a."offset" < e.bronze_stop
