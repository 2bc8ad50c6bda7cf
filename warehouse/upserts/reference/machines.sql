-- Updates rows that differ and inserts missing ones; an unchanged row consumes no sequence number.
WITH described AS (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb)
        AS r (machine_id text, model text, line text, site text, commissioned_on date, idle_rotation_rpm numeric(18, 4))
)
MERGE INTO warehouse.dim_machine AS d USING described AS r ON d.machine_id = r.machine_id
WHEN MATCHED AND (d.model, d.line, d.site, d.commissioned_on, d.idle_rotation_rpm, d.is_placeholder)
        IS DISTINCT FROM (r.model, r.line, r.site, r.commissioned_on, r.idle_rotation_rpm, false) THEN
    UPDATE SET model = r.model, line = r.line, site = r.site, commissioned_on = r.commissioned_on,
               idle_rotation_rpm = r.idle_rotation_rpm, is_placeholder = false
WHEN NOT MATCHED THEN
    INSERT (machine_id, model, line, site, commissioned_on, idle_rotation_rpm, is_placeholder)
    VALUES (r.machine_id, r.model, r.line, r.site, r.commissioned_on, r.idle_rotation_rpm, false)
