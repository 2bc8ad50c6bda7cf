-- Machines with their first minute with data of all time, and their last one before the end of the window.
SELECT m.machine_id, m.model, m.line, m.site, f.first_minute, f.last_minute
FROM serving.machines AS m
CROSS JOIN LATERAL (
    SELECT min(f.minute) AS first_minute, max(f.minute) AS last_minute FROM serving.machine_minutes AS f
    WHERE f.machine_id = m.machine_id AND f.sensor = 'rotation_rpm' AND f.minute < %(end)s) AS f
ORDER BY m.machine_id COLLATE "C";
