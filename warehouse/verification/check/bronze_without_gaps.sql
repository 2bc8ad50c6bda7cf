-- Every partition is complete from its first offset to the end offset in bronze's commits, except for offsets accepted
-- as lost.
SELECT topic, generation, "partition", b.first, b.last, e.bronze_stop, b.records, x.lost,
    CASE
        WHEN b.records IS NULL AND coalesce(x.lost, 0) < e.bronze_stop THEN 'no record although the commits name an end'
        WHEN b.records <> b.last - b.first + 1 - (SELECT coalesce(sum(l.stop - l.start), 0) FROM pg_lost_records AS l
            WHERE l.query = 'bronze' AND l.topic = b.topic AND l.generation = b.generation
            AND l."partition" = b."partition" AND l.start > b.first AND l.stop <= b.last)
            THEN 'offsets are missing'
        WHEN b.last + 1 < e.bronze_stop AND coalesce(x.newest, 0) < e.bronze_stop THEN 'the last records are missing'
        WHEN b.last + 1 > coalesce(e.bronze_stop, 0) THEN 'records beyond the recorded end'
    END AS difference
FROM (
    SELECT topic, generation, "partition", min("offset") AS first, max("offset") AS last, count(DISTINCT "offset") AS records
    FROM bronze GROUP BY topic, generation, "partition"
) AS b
FULL JOIN (SELECT * FROM ends WHERE bronze_stop > 0) AS e USING (topic, generation, "partition")
LEFT JOIN (
    SELECT topic, generation, "partition", sum(stop - start) AS lost, max(stop) AS newest
    FROM pg_lost_records WHERE query = 'bronze' GROUP BY topic, generation, "partition"
) AS x USING (topic, generation, "partition")
