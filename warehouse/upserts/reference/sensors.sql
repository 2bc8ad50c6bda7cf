-- A sensor keeps its key for ever, because fact_machine_minute refers to it. A new one gets the next free key.
INSERT INTO warehouse.dim_sensor AS d (sensor_key, sensor, unit, description)
SELECT coalesce(k.sensor_key, (SELECT max(sensor_key) FROM warehouse.dim_sensor)
                + row_number() OVER (PARTITION BY k.sensor_key IS NULL ORDER BY r.sensor_key)),
       r.sensor, r.unit, r.description
FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (sensor_key smallint, sensor text, unit text, description text)
LEFT JOIN warehouse.dim_sensor AS k ON k.sensor = r.sensor
ON CONFLICT (sensor) DO UPDATE SET unit = excluded.unit, description = excluded.description
WHERE (d.unit, d.description) IS DISTINCT FROM (excluded.unit, excluded.description)
