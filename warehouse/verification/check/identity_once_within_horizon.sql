-- Rows with the same identity are at least one deduplication horizon apart.
SELECT topic, generation, "partition", "offset", ingested_us, earlier_us,
    CASE WHEN ingested_us - earlier_us < horizon_us THEN 'the same identity again within the horizon' END AS difference
FROM (
    SELECT s.*, lag(ingested_us) OVER (PARTITION BY topic, identity ORDER BY ingested_us) AS earlier_us
    FROM silver AS s
) AS s
JOIN horizons USING (topic)
