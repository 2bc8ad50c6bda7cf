WITH edge AS (
    SELECT minute AS newest FROM serving.machine_minutes WHERE minute <= now() ORDER BY minute DESC LIMIT 1
)
SELECT m.machine_id, m.sensor, m.minute, m.average::double precision AS average
FROM edge, serving.machine_minutes AS m
WHERE m.minute > edge.newest - make_interval(mins => %(line_minutes)s)
ORDER BY m.machine_id, m.sensor, m.minute;
