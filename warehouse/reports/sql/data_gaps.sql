-- Stretches of the window, at least %(least_minutes)s minutes long, in which no minute of a stream has data: from the
-- window's start, between two minutes with data, and up to its end.
WITH minutes AS (
    SELECT 'posts' AS stream, minute FROM serving.hashtag_minutes WHERE minute >= %(start)s AND minute < %(end)s
    UNION
    SELECT 'readings', minute FROM serving.machine_minutes
    WHERE sensor = 'rotation_rpm' AND minute >= %(start)s AND minute < %(end)s
), edges AS (
    SELECT stream, minute + interval '1 minute' AS starts_at FROM minutes
    UNION ALL
    SELECT stream, %(start)s FROM unnest(ARRAY['posts', 'readings']) AS s (stream)
), gaps AS (
    SELECT e.stream, e.starts_at,
           coalesce((SELECT min(m.minute) FROM minutes AS m WHERE m.stream = e.stream AND m.minute >= e.starts_at),
                    %(end)s) AS ends_at
    FROM edges AS e
    WHERE NOT EXISTS (SELECT FROM minutes AS m WHERE m.stream = e.stream AND m.minute = e.starts_at)
)
SELECT stream, starts_at, ends_at
FROM gaps
WHERE ends_at - starts_at >= make_interval(mins => %(least_minutes)s)
ORDER BY stream, starts_at;
