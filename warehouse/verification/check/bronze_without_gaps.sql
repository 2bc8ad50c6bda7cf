-- Every partition is complete from its first offset to the end that bronze's commits record.
SELECT topic, generation, "partition", b.first, b.last, e.bronze_stop, b.records,
    CASE
        WHEN b.records IS NULL THEN 'no record although the commits name an end'
        WHEN b.records <> b.last - b.first + 1 THEN 'offsets are missing'
        WHEN b.last + 1 < e.bronze_stop THEN 'the last records are missing'
        WHEN b.last + 1 > coalesce(e.bronze_stop, 0) THEN 'records beyond the recorded end'
    END AS difference
FROM (
    SELECT topic, generation, "partition", min("offset") AS first, max("offset") AS last, count(DISTINCT "offset") AS records
    FROM bronze GROUP BY topic, generation, "partition"
) AS b
FULL JOIN (SELECT * FROM ends WHERE bronze_stop > 0) AS e USING (topic, generation, "partition")
