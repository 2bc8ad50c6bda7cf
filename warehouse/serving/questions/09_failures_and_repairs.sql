-- How often does each machine fail, and how long until it was repaired? A failure is repaired by the first
-- maintenance after it; without one it is still open.
SELECT f.machine_id, count(*) AS failures, count(*) FILTER (WHERE r.repaired_at IS NULL) AS open_failures,
       avg(r.repaired_at - f.occurred_at) AS average_repair_time,
       (max(f.occurred_at) - min(f.occurred_at)) / nullif(count(*) - 1, 0) AS time_between_failures
FROM serving.machine_events AS f
CROSS JOIN LATERAL (
    SELECT min(m.occurred_at) AS repaired_at FROM serving.machine_events AS m
    WHERE m.machine_id = f.machine_id AND m.kind = 'maintenance' AND m.occurred_at >= f.occurred_at) AS r
WHERE f.kind = 'failure'
GROUP BY f.machine_id
ORDER BY failures DESC, f.machine_id;
