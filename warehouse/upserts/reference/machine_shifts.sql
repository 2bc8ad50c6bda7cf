-- Makes the shifts of the machines equal to the description: one that is no longer described is removed.
WITH described AS (
    SELECT m.machine_key, s.shift_key
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (machine_id text, shift text)
    JOIN warehouse.dim_machine AS m ON m.machine_id = r.machine_id
    JOIN warehouse.dim_shift AS s ON s.shift = r.shift
)
MERGE INTO warehouse.machine_shifts AS d USING described AS r
    ON d.machine_key = r.machine_key AND d.shift_key = r.shift_key
WHEN NOT MATCHED THEN INSERT VALUES (r.machine_key, r.shift_key)
WHEN NOT MATCHED BY SOURCE THEN DELETE
