-- Machines, their sensors and anomalies. "Newest" is by event time; the wall clock is never used.
CREATE VIEW serving.machines AS
SELECT machine_id, model, line, site, commissioned_on, idle_rotation_rpm, is_placeholder FROM warehouse.dim_machine;
COMMENT ON VIEW serving.machines IS 'All machines.';
COMMENT ON COLUMN serving.machines.machine_id IS 'The id that the machine sends.';
COMMENT ON COLUMN serving.machines.model IS 'Kind of machine; null for a placeholder.';
COMMENT ON COLUMN serving.machines.line IS 'Production line; null for a placeholder.';
COMMENT ON COLUMN serving.machines.site IS 'Plant; null for a placeholder.';
COMMENT ON COLUMN serving.machines.commissioned_on IS 'First day in service.';
COMMENT ON COLUMN serving.machines.idle_rotation_rpm IS 'Above this rotation the machine produces; revolutions per minute.';
COMMENT ON COLUMN serving.machines.is_placeholder IS 'True if the machine sends data and nobody has described it.';

CREATE VIEW serving.machine_minutes AS
SELECT f.minute, m.machine_id, s.sensor, s.unit, f.readings, round(f.total / f.readings, 4) AS average,
       warehouse.deviation(f.readings, f.total, f.total_squares) AS deviation, f.lowest, f.highest
FROM warehouse.fact_machine_minute AS f
JOIN warehouse.dim_machine AS m USING (machine_key)
JOIN warehouse.dim_sensor AS s USING (sensor_key);
COMMENT ON VIEW serving.machine_minutes IS 'Readings per event-time minute, machine and sensor. Filter by minute, or by machine and sensor: both are indexed.';
COMMENT ON COLUMN serving.machine_minutes.minute IS 'Start of the minute, UTC.';
COMMENT ON COLUMN serving.machine_minutes.machine_id IS 'The machine.';
COMMENT ON COLUMN serving.machine_minutes.sensor IS 'The sensor.';
COMMENT ON COLUMN serving.machine_minutes.unit IS 'Unit of average, deviation, lowest and highest.';
COMMENT ON COLUMN serving.machine_minutes.readings IS 'Number of readings.';
COMMENT ON COLUMN serving.machine_minutes.average IS 'Mean of the readings.';
COMMENT ON COLUMN serving.machine_minutes.deviation IS 'Sample standard deviation of the readings; null below two.';
COMMENT ON COLUMN serving.machine_minutes.lowest IS 'Lowest reading.';
COMMENT ON COLUMN serving.machine_minutes.highest IS 'Highest reading.';

CREATE VIEW serving.machine_latest AS
SELECT m.machine_id, m.model, m.line, m.site, s.sensor, s.unit, f.minute, f.readings,
       round(f.total / f.readings, 4) AS average, f.lowest, f.highest, l.low AS limit_low, l.high AS limit_high,
       coalesce(round(f.total / f.readings, 4) NOT BETWEEN l.low AND l.high, false) AS is_outside_limits
FROM warehouse.dim_machine AS m
CROSS JOIN warehouse.dim_sensor AS s
CROSS JOIN LATERAL (
    SELECT * FROM warehouse.fact_machine_minute AS f
    WHERE f.machine_key = m.machine_key AND f.sensor_key = s.sensor_key
    ORDER BY f.minute DESC LIMIT 1) AS f
LEFT JOIN warehouse.machine_limits AS l ON l.machine_key = m.machine_key AND l.sensor_key = s.sensor_key;
COMMENT ON VIEW serving.machine_latest IS 'The newest minute of each machine and sensor.';
COMMENT ON COLUMN serving.machine_latest.machine_id IS 'The machine.';
COMMENT ON COLUMN serving.machine_latest.model IS 'Kind of machine; null for a placeholder.';
COMMENT ON COLUMN serving.machine_latest.line IS 'Production line; null for a placeholder.';
COMMENT ON COLUMN serving.machine_latest.site IS 'Plant; null for a placeholder.';
COMMENT ON COLUMN serving.machine_latest.sensor IS 'The sensor.';
COMMENT ON COLUMN serving.machine_latest.unit IS 'Unit of the values.';
COMMENT ON COLUMN serving.machine_latest.minute IS 'Start of the machine''s newest minute, UTC; it may still grow.';
COMMENT ON COLUMN serving.machine_latest.readings IS 'Number of readings in it.';
COMMENT ON COLUMN serving.machine_latest.average IS 'Mean of the readings.';
COMMENT ON COLUMN serving.machine_latest.lowest IS 'Lowest reading.';
COMMENT ON COLUMN serving.machine_latest.highest IS 'Highest reading.';
COMMENT ON COLUMN serving.machine_latest.limit_low IS 'Lowest permitted mean; null if nobody set one.';
COMMENT ON COLUMN serving.machine_latest.limit_high IS 'Highest permitted mean; null if nobody set one.';
COMMENT ON COLUMN serving.machine_latest.is_outside_limits IS 'True if the mean leaves the limits.';

CREATE VIEW serving.machine_bands AS
SELECT m.machine_id, s.sensor, s.unit, w.minutes, b.average, b.deviation,
       CASE WHEN w.minutes >= 60 THEN b.average - 3 * b.deviation END AS normal_low,
       CASE WHEN w.minutes >= 60 THEN b.average + 3 * b.deviation END AS normal_high
FROM warehouse.dim_machine AS m
CROSS JOIN warehouse.dim_sensor AS s
CROSS JOIN LATERAL (
    SELECT f.minute FROM warehouse.fact_machine_minute AS f
    WHERE f.machine_key = m.machine_key AND f.sensor_key = s.sensor_key
    ORDER BY f.minute DESC LIMIT 1) AS n
CROSS JOIN LATERAL (
    SELECT count(*) AS minutes, sum(f.readings) AS readings, sum(f.total) AS total, sum(f.total_squares) AS total_squares
    FROM warehouse.fact_machine_minute AS f
    WHERE f.machine_key = m.machine_key AND f.sensor_key = s.sensor_key
      AND f.minute >= n.minute - interval '24 hours' AND f.minute < n.minute) AS w
CROSS JOIN LATERAL (
    SELECT (w.total / w.readings)::double precision AS average,
           warehouse.deviation(w.readings, w.total, w.total_squares) AS deviation) AS b;
COMMENT ON VIEW serving.machine_bands IS 'Where each sensor of each machine normally is: the 24 hours before its newest minute. Costs tens of milliseconds for all machines: read it every minute, not every second.';
COMMENT ON COLUMN serving.machine_bands.machine_id IS 'The machine.';
COMMENT ON COLUMN serving.machine_bands.sensor IS 'The sensor.';
COMMENT ON COLUMN serving.machine_bands.unit IS 'Unit of the values.';
COMMENT ON COLUMN serving.machine_bands.minutes IS 'Minutes with data in these 24 hours.';
COMMENT ON COLUMN serving.machine_bands.average IS 'Mean of all readings of these 24 hours.';
COMMENT ON COLUMN serving.machine_bands.deviation IS 'Sample standard deviation of all readings of these 24 hours.';
COMMENT ON COLUMN serving.machine_bands.normal_low IS 'average - 3 deviations; null below 60 minutes of data.';
COMMENT ON COLUMN serving.machine_bands.normal_high IS 'average + 3 deviations; null below 60 minutes of data.';

CREATE VIEW serving.machine_anomalies AS
SELECT a.minute, m.machine_id, s.sensor, s.unit, round(a.average, 4) AS average, l.low AS limit_low, l.high AS limit_high,
       n.average AS normal_average, n.deviation AS normal_deviation,
       (a.average - n.average) / nullif(n.deviation, 0) AS deviations,
       coalesce(a.average NOT BETWEEN l.low AND l.high, false) AS is_outside_limits
FROM (SELECT max(minute) AS minute FROM warehouse.fact_machine_minute) AS newest
CROSS JOIN warehouse.dim_machine AS m
CROSS JOIN warehouse.dim_sensor AS s
CROSS JOIN LATERAL (  -- per machine and sensor, so that with a filter on them nothing is computed for the others
    SELECT f.minute, f.total AS minute_total, f.readings AS minute_readings, count(*) OVER day AS minutes,
           sum(f.readings) OVER day AS readings, sum(f.total) OVER day AS total, sum(f.total_squares) OVER day AS total_squares
    FROM warehouse.fact_machine_minute AS f
    WHERE f.machine_key = m.machine_key AND f.sensor_key = s.sensor_key AND f.minute >= newest.minute - interval '48 hours'
    WINDOW day AS (ORDER BY f.minute RANGE BETWEEN interval '24 hours' PRECEDING AND interval '1 minute' PRECEDING)) AS w
CROSS JOIN LATERAL (
    SELECT w.minute, w.minute_total / w.minute_readings AS average, w.minutes, w.readings, w.total, w.total_squares) AS a
LEFT JOIN warehouse.machine_limits AS l ON l.machine_key = m.machine_key AND l.sensor_key = s.sensor_key
CROSS JOIN LATERAL (
    SELECT CASE WHEN a.minutes >= 60 THEN (a.total / a.readings)::double precision END AS average,
           CASE WHEN a.minutes >= 60 THEN warehouse.deviation(a.readings, a.total, a.total_squares) END AS deviation) AS n
WHERE a.minute > newest.minute - interval '24 hours'
  AND (a.average NOT BETWEEN l.low AND l.high OR abs(a.average - n.average) > 4 * n.deviation);
COMMENT ON VIEW serving.machine_anomalies IS 'Minutes of the newest 24 hours whose mean leaves the limits, or lies more than 4 deviations from the same machine''s 24 hours before that minute (at least 60 minutes of data). About 40 ms of work per machine: read it every minute, not every second.';
COMMENT ON COLUMN serving.machine_anomalies.minute IS 'Start of the minute, UTC; the newest one may still grow.';
COMMENT ON COLUMN serving.machine_anomalies.machine_id IS 'The machine.';
COMMENT ON COLUMN serving.machine_anomalies.sensor IS 'The sensor.';
COMMENT ON COLUMN serving.machine_anomalies.unit IS 'Unit of the values.';
COMMENT ON COLUMN serving.machine_anomalies.average IS 'Mean of the minute.';
COMMENT ON COLUMN serving.machine_anomalies.limit_low IS 'Lowest permitted mean; null if nobody set one.';
COMMENT ON COLUMN serving.machine_anomalies.limit_high IS 'Highest permitted mean; null if nobody set one.';
COMMENT ON COLUMN serving.machine_anomalies.normal_average IS 'Mean of all readings of the 24 hours before; null below 60 minutes of data.';
COMMENT ON COLUMN serving.machine_anomalies.normal_deviation IS 'Sample standard deviation of the same readings.';
COMMENT ON COLUMN serving.machine_anomalies.deviations IS 'Distance from normal_average in deviations; negative is below.';
COMMENT ON COLUMN serving.machine_anomalies.is_outside_limits IS 'True if the mean leaves the limits.';

CREATE VIEW serving.machine_events AS
SELECT e.occurred_at, m.machine_id, m.line, m.site, e.kind, e.detail, e.event_id
FROM warehouse.fact_machine_event AS e
JOIN warehouse.dim_machine AS m USING (machine_key);
COMMENT ON VIEW serving.machine_events IS 'Failures and maintenance.';
COMMENT ON COLUMN serving.machine_events.occurred_at IS 'When it happened, UTC.';
COMMENT ON COLUMN serving.machine_events.machine_id IS 'The machine.';
COMMENT ON COLUMN serving.machine_events.line IS 'Production line; null for a placeholder.';
COMMENT ON COLUMN serving.machine_events.site IS 'Plant; null for a placeholder.';
COMMENT ON COLUMN serving.machine_events.kind IS 'failure or maintenance.';
COMMENT ON COLUMN serving.machine_events.detail IS 'Free text of the sender.';
COMMENT ON COLUMN serving.machine_events.event_id IS 'Id that the sender gave.';

CREATE VIEW serving.machine_minute_sums AS
SELECT f.minute, m.machine_id, s.sensor, s.unit, f.readings, f.total, f.total_squares, l.low AS limit_low, l.high AS limit_high
FROM warehouse.fact_machine_minute AS f
JOIN warehouse.dim_machine AS m USING (machine_key)
JOIN warehouse.dim_sensor AS s USING (sensor_key)
LEFT JOIN warehouse.machine_limits AS l USING (machine_key, sensor_key);
COMMENT ON VIEW serving.machine_minute_sums IS 'Exact sums per event-time minute, machine and sensor, which can be added up over minutes, with the limits. Filter by minute.';
COMMENT ON COLUMN serving.machine_minute_sums.minute IS 'Start of the minute, UTC.';
COMMENT ON COLUMN serving.machine_minute_sums.machine_id IS 'The machine.';
COMMENT ON COLUMN serving.machine_minute_sums.sensor IS 'The sensor.';
COMMENT ON COLUMN serving.machine_minute_sums.unit IS 'Unit of total and of the limits.';
COMMENT ON COLUMN serving.machine_minute_sums.readings IS 'Number of readings.';
COMMENT ON COLUMN serving.machine_minute_sums.total IS 'Sum of the readings.';
COMMENT ON COLUMN serving.machine_minute_sums.total_squares IS 'Sum of the squared readings; unit squared.';
COMMENT ON COLUMN serving.machine_minute_sums.limit_low IS 'Lowest permitted mean of a minute; null if nobody set one.';
COMMENT ON COLUMN serving.machine_minute_sums.limit_high IS 'Highest permitted mean of a minute; null if nobody set one.';
