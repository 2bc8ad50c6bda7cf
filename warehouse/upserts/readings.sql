-- Adds one batch of readings. Same order of dimensions and of rows as the other upserts; see posts.sql.
INSERT INTO warehouse.dim_date
SELECT made.* FROM warehouse.make_date_rows(ARRAY(
    SELECT DISTINCT (minute AT TIME ZONE 'UTC')::date FROM reading_increments
    EXCEPT SELECT date_id FROM warehouse.dim_date ORDER BY 1)) AS made
ON CONFLICT DO NOTHING;

INSERT INTO warehouse.dim_machine (machine_id, is_placeholder)
SELECT machine_id, true FROM (SELECT DISTINCT machine_id FROM reading_increments) AS seen
WHERE NOT EXISTS (SELECT FROM warehouse.dim_machine AS d WHERE d.machine_id = seen.machine_id)
ORDER BY machine_id
ON CONFLICT DO NOTHING;

INSERT INTO warehouse.fact_machine_minute AS f
    (minute, date_id, machine_key, sensor_key, readings, total, total_squares, lowest, highest)
SELECT i.minute, (i.minute AT TIME ZONE 'UTC')::date, m.machine_key, s.sensor_key,
       sum(i.readings), sum(i.total), sum(i.total_squares), min(i.lowest), max(i.highest)
FROM reading_increments AS i
JOIN warehouse.dim_machine AS m ON m.machine_id = i.machine_id
JOIN warehouse.dim_sensor AS s ON s.sensor = i.sensor
GROUP BY 1, 2, 3, 4 ORDER BY 3, 4, 1
ON CONFLICT (minute, machine_key, sensor_key) DO UPDATE
SET readings = f.readings + excluded.readings, total = f.total + excluded.total,
    total_squares = f.total_squares + excluded.total_squares,
    lowest = least(f.lowest, excluded.lowest), highest = greatest(f.highest, excluded.highest);
