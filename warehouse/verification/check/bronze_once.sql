SELECT topic, generation, "partition", "offset", count(*) AS copies,
    CASE WHEN count(*) > 1 THEN 'more than once in bronze' END AS difference
FROM bronze
GROUP BY topic, generation, "partition", "offset"
