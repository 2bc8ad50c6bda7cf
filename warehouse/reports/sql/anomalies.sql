-- Minutes of the window whose mean leaves the limits or lies more than 4 deviations from the same machine's 24 hours before
-- (at least 60 minutes of data), counted per machine, sensor and kind: the definition of serving.machine_anomalies, for any
-- window. `machine_minutes` counts a minute once, however many of the machine's sensors were unusual in it.
WITH sums AS (
    SELECT minute, machine_id, sensor, unit, limit_low, limit_high, total / readings AS average,
           count(*) OVER day AS before_minutes, sum(readings) OVER day AS before_readings,
           sum(total) OVER day AS before_total, sum(total_squares) OVER day AS before_squares
    FROM serving.machine_minute_sums
    WHERE minute >= %(start)s::timestamptz - interval '24 hours' AND minute < %(end)s
    WINDOW day AS (PARTITION BY machine_id, sensor ORDER BY minute
                   RANGE BETWEEN interval '24 hours' PRECEDING AND interval '1 minute' PRECEDING)
), judged AS (
    SELECT minute, machine_id, sensor, unit, limit_low, limit_high, average,
           CASE WHEN before_minutes >= 60 THEN (before_total / before_readings)::double precision END AS normal,
           CASE WHEN before_minutes >= 60 AND before_readings > 1
                THEN sqrt((greatest(before_squares - before_total * before_total / before_readings, 0)
                           / (before_readings - 1))::double precision) END AS deviation
    FROM sums
    WHERE minute >= %(start)s
), unusual AS (
    SELECT *, CASE WHEN average > limit_high THEN 'above limit' WHEN average < limit_low THEN 'below limit'
                   WHEN average > normal THEN 'unusually high' ELSE 'unusually low' END AS kind
    FROM judged
    WHERE average NOT BETWEEN limit_low AND limit_high OR abs(average - normal) > 4 * deviation
), per_machine AS (
    SELECT machine_id, count(DISTINCT minute) AS machine_minutes,
           count(DISTINCT minute) FILTER (WHERE kind IN ('above limit', 'below limit')) AS machine_minutes_outside
    FROM unusual
    GROUP BY machine_id
)
SELECT machine_id, sensor, unit, kind, count(*) AS minutes, min(minute) AS first_minute, max(minute) AS last_minute,
       round(CASE WHEN kind IN ('above limit', 'unusually high') THEN max(average) ELSE min(average) END, 2)::double precision
           AS extreme,
       (CASE kind WHEN 'above limit' THEN max(limit_high) WHEN 'below limit' THEN min(limit_low) END)::double precision
           AS limit_value,
       machine_minutes, machine_minutes_outside
FROM unusual
JOIN per_machine USING (machine_id)
GROUP BY machine_id, sensor, unit, kind, machine_minutes, machine_minutes_outside
ORDER BY machine_minutes_outside DESC, machine_minutes DESC, machine_id COLLATE "C", minutes DESC, sensor COLLATE "C", kind;
