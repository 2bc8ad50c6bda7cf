-- PostgreSQL equals a count of the values in the journal, else in bronze. Silver decides only which records
-- are counted.
SELECT minute_us, machine_id, sensor, e.readings AS recounted, f.readings AS postgres,
    CASE
        WHEN e.readings IS DISTINCT FROM f.readings THEN 'readings'
        WHEN e.total IS DISTINCT FROM f.total THEN 'total'
        WHEN e.total_squares IS DISTINCT FROM f.total_squares THEN 'total_squares'
        WHEN e.lowest IS DISTINCT FROM f.lowest THEN 'lowest'
        WHEN e.highest IS DISTINCT FROM f.highest THEN 'highest'
        WHEN f.date_id IS DISTINCT FROM CAST(make_timestamp(minute_us) AS DATE) THEN 'date_id'
    END AS difference
FROM (
    SELECT minute_us, machine_id, sensor, count(*) AS readings, sum("value") AS total,
        sum(CAST("value" AS HUGEINT) * "value") AS total_squares, min("value") AS lowest, max("value") AS highest
    FROM recounted_readings
    GROUP BY minute_us, machine_id, sensor
) AS e
FULL JOIN pg_machine_minute AS f USING (minute_us, machine_id, sensor)
