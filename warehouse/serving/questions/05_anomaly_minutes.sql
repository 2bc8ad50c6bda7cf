-- Which machines have the most anomalies? Minutes with at least one unusual sensor in the newest 24 hours, worst first.
SELECT machine_id, count(DISTINCT minute) AS anomaly_minutes,
       count(DISTINCT minute) FILTER (WHERE is_outside_limits) AS minutes_outside_limits,
       string_agg(DISTINCT sensor, ', ' ORDER BY sensor) AS sensors, max(minute) AS newest
FROM serving.machine_anomalies
GROUP BY machine_id
ORDER BY anomaly_minutes DESC, machine_id;
