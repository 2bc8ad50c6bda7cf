-- Updates rows that differ and inserts missing ones; a shift that is no longer described stays, without machines.
WITH described AS (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb)
        AS r (shift text, starts_at time, ends_at time, weekdays smallint[], time_zone text)
)
MERGE INTO warehouse.dim_shift AS d USING described AS r ON d.shift = r.shift
WHEN MATCHED AND (d.starts_at, d.ends_at, d.weekdays, d.time_zone)
        IS DISTINCT FROM (r.starts_at, r.ends_at, r.weekdays, r.time_zone) THEN
    UPDATE SET starts_at = r.starts_at, ends_at = r.ends_at, weekdays = r.weekdays, time_zone = r.time_zone
WHEN NOT MATCHED THEN
    INSERT (shift, starts_at, ends_at, weekdays, time_zone)
    VALUES (r.shift, r.starts_at, r.ends_at, r.weekdays, r.time_zone)
