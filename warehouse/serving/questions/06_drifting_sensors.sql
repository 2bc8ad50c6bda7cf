-- Which sensors drift? The regression line through each sensor's newest six hours; only sensors for which the line
-- explains at least half of the variance.
SELECT machine_id, sensor, unit,
       regr_slope(average::double precision, extract(epoch FROM minute)::double precision / 3600) AS change_per_hour,
       regr_r2(average::double precision, extract(epoch FROM minute)::double precision / 3600) AS explained
FROM serving.machine_minutes
WHERE minute > (SELECT max(minute) FROM serving.machine_latest) - interval '6 hours'
GROUP BY machine_id, sensor, unit
HAVING count(*) >= 60
   AND regr_r2(average::double precision, extract(epoch FROM minute)::double precision / 3600) >= 0.5
ORDER BY explained DESC, machine_id, sensor
LIMIT 20;
