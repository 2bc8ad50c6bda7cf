-- Failures of the window, and earlier ones that were not repaired before it. The first maintenance after a failure repairs it;
-- a repair after the window is not known in it.
SELECT f.machine_id, f.event_id, f.occurred_at AS failed_at, r.repaired_at, f.detail
FROM serving.machine_events AS f
CROSS JOIN LATERAL (
    SELECT min(m.occurred_at) AS repaired_at FROM serving.machine_events AS m
    WHERE m.machine_id = f.machine_id AND m.kind = 'maintenance' AND m.occurred_at >= f.occurred_at
      AND m.occurred_at < %(end)s) AS r
WHERE f.kind = 'failure' AND f.occurred_at < %(end)s
  AND (f.occurred_at >= %(start)s OR r.repaired_at >= %(start)s OR r.repaired_at IS NULL)
ORDER BY f.occurred_at, f.machine_id COLLATE "C", f.event_id COLLATE "C";
