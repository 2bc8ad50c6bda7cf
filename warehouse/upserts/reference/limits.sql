-- Makes the limits equal to the description: a limit that is no longer described is removed.
WITH described AS (
    SELECT m.machine_key, s.sensor_key, r.low, r.high
    FROM jsonb_to_recordset(%(rows)s::jsonb)
        AS r (machine_id text, sensor text, low numeric(18, 4), high numeric(18, 4))
    JOIN warehouse.dim_machine AS m ON m.machine_id = r.machine_id
    JOIN warehouse.dim_sensor AS s ON s.sensor = r.sensor
)
MERGE INTO warehouse.machine_limits AS d USING described AS r
    ON d.machine_key = r.machine_key AND d.sensor_key = r.sensor_key
WHEN MATCHED AND (d.low, d.high) IS DISTINCT FROM (r.low, r.high) THEN UPDATE SET low = r.low, high = r.high
WHEN NOT MATCHED THEN INSERT VALUES (r.machine_key, r.sensor_key, r.low, r.high)
WHEN NOT MATCHED BY SOURCE THEN DELETE
