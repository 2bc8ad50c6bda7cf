-- Utilisation and data gaps of machines. Minutes before a machine's first data do not count; time ends with the newest
-- minute of all machines, not with the wall clock.
CREATE VIEW serving.machine_utilisation AS
SELECT m.machine_id, m.line, m.site, h.shift, d.date_id AS shift_date, t.starts_at, t.ends_at,
       t.minutes_in_shift, w.minutes_with_data, w.minutes_producing,
       w.minutes_producing::double precision / t.minutes_in_shift AS utilisation
FROM (SELECT max(minute) + interval '1 minute' AS ends_at FROM warehouse.fact_machine_minute) AS known
CROSS JOIN warehouse.dim_machine AS m
CROSS JOIN (SELECT sensor_key FROM warehouse.dim_sensor WHERE sensor = 'rotation_rpm') AS s
JOIN warehouse.machine_shifts AS p ON p.machine_key = m.machine_key
JOIN warehouse.dim_shift AS h ON h.shift_key = p.shift_key
CROSS JOIN LATERAL (
    SELECT f.minute FROM warehouse.fact_machine_minute AS f
    WHERE f.machine_key = m.machine_key AND f.sensor_key = s.sensor_key ORDER BY f.minute LIMIT 1) AS first
JOIN warehouse.dim_date AS d ON d.date_id BETWEEN (first.minute AT TIME ZONE h.time_zone)::date - 1
                                              AND (known.ends_at AT TIME ZONE h.time_zone)::date
                            AND extract(isodow FROM d.date_id) = ANY (h.weekdays)
CROSS JOIN LATERAL (
    SELECT (d.date_id + h.starts_at) AT TIME ZONE h.time_zone AS starts_at,
           (d.date_id + h.ends_at + CASE WHEN h.ends_at <= h.starts_at THEN interval '1 day' ELSE interval '0' END)
               AT TIME ZONE h.time_zone AS ends_at) AS planned
CROSS JOIN LATERAL (
    SELECT greatest(planned.starts_at, first.minute) AS starts_at, least(planned.ends_at, known.ends_at) AS ends_at,
           floor(extract(epoch FROM least(planned.ends_at, known.ends_at) - greatest(planned.starts_at, first.minute)) / 60)::int
               AS minutes_in_shift) AS t
CROSS JOIN LATERAL (
    SELECT count(*) AS minutes_with_data,
           count(*) FILTER (WHERE f.total > m.idle_rotation_rpm * f.readings) AS minutes_producing
    FROM warehouse.fact_machine_minute AS f
    WHERE f.machine_key = m.machine_key AND f.sensor_key = s.sensor_key
      AND f.minute >= t.starts_at AND f.minute < t.ends_at) AS w
WHERE t.minutes_in_shift > 0;
COMMENT ON VIEW serving.machine_utilisation IS 'Each shift in which a machine was planned: how much of it the machine was producing. Filter by shift_date.';
COMMENT ON COLUMN serving.machine_utilisation.machine_id IS 'The machine.';
COMMENT ON COLUMN serving.machine_utilisation.line IS 'Production line.';
COMMENT ON COLUMN serving.machine_utilisation.site IS 'Plant.';
COMMENT ON COLUMN serving.machine_utilisation.shift IS 'Name of the shift.';
COMMENT ON COLUMN serving.machine_utilisation.shift_date IS 'Local day on which the shift started.';
COMMENT ON COLUMN serving.machine_utilisation.starts_at IS 'Start of the shift, or of the machine''s first data in it, UTC.';
COMMENT ON COLUMN serving.machine_utilisation.ends_at IS 'End (exclusive) of the shift, or of what has arrived so far, UTC.';
COMMENT ON COLUMN serving.machine_utilisation.minutes_in_shift IS 'Minutes between starts_at and ends_at.';
COMMENT ON COLUMN serving.machine_utilisation.minutes_with_data IS 'Minutes with readings among them.';
COMMENT ON COLUMN serving.machine_utilisation.minutes_producing IS 'Minutes whose mean rotation was above idle.';
COMMENT ON COLUMN serving.machine_utilisation.utilisation IS 'minutes_producing / minutes_in_shift, 0 to 1.';

CREATE VIEW serving.machine_gaps AS
SELECT m.machine_id, m.line, m.site, g.minute + interval '1 minute' AS starts_at, g.next_minute AS ends_at,
       (extract(epoch FROM coalesce(g.next_minute, known.ends_at) - g.minute) / 60)::int - 1 AS missing_minutes,
       g.next_minute IS NULL AS is_open
FROM (SELECT max(minute) + interval '1 minute' AS ends_at FROM warehouse.fact_machine_minute) AS known
CROSS JOIN warehouse.dim_machine AS m
-- A reading has values of all sensors, so any one sensor has a row for every minute in which the machine sent data.
CROSS JOIN (SELECT sensor_key FROM warehouse.dim_sensor ORDER BY sensor_key LIMIT 1) AS s
CROSS JOIN LATERAL (
    SELECT f.minute, lead(f.minute) OVER (ORDER BY f.minute) AS next_minute
    FROM warehouse.fact_machine_minute AS f
    WHERE f.machine_key = m.machine_key AND f.sensor_key = s.sensor_key) AS g
WHERE coalesce(g.next_minute, known.ends_at) - g.minute > interval '1 minute';
COMMENT ON VIEW serving.machine_gaps IS 'Whole minutes without data between two minutes with data, or up to the newest minute of all machines.';
COMMENT ON COLUMN serving.machine_gaps.machine_id IS 'The machine.';
COMMENT ON COLUMN serving.machine_gaps.line IS 'Production line.';
COMMENT ON COLUMN serving.machine_gaps.site IS 'Plant.';
COMMENT ON COLUMN serving.machine_gaps.starts_at IS 'First missing minute, UTC.';
COMMENT ON COLUMN serving.machine_gaps.ends_at IS 'Next minute with data, UTC; null while the machine is silent.';
COMMENT ON COLUMN serving.machine_gaps.missing_minutes IS 'Number of minutes without data.';
COMMENT ON COLUMN serving.machine_gaps.is_open IS 'True while the machine is silent.';

CREATE VIEW serving.shifts AS
SELECT shift, starts_at, ends_at, weekdays, time_zone FROM warehouse.dim_shift;
COMMENT ON VIEW serving.shifts IS 'Working shifts, local wall time; one that ends before it starts runs past midnight.';
COMMENT ON COLUMN serving.shifts.shift IS 'Name.';
COMMENT ON COLUMN serving.shifts.starts_at IS 'Start, local wall time.';
COMMENT ON COLUMN serving.shifts.ends_at IS 'End (exclusive), local wall time.';
COMMENT ON COLUMN serving.shifts.weekdays IS 'ISO weekdays, 1 (Monday) to 7, on which the shift starts.';
COMMENT ON COLUMN serving.shifts.time_zone IS 'Time zone of the wall time, IANA name.';
