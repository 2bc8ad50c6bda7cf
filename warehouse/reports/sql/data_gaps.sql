-- Stretches of the window, at least %(least_minutes)s minutes long, in which no minute of a stream has data: from the
-- window's start, between two minutes with data, and up to its end.
WITH minutes AS (
    SELECT 'posts' AS stream, minute FROM serving.hashtag_minutes WHERE minute >= %(start)s AND minute < %(end)s
    UNION
    SELECT 'readings', minute FROM serving.machine_minutes
    WHERE sensor = 'rotation_rpm' AND minute >= %(start)s AND minute < %(end)s
    UNION ALL
    SELECT stream, edge
    FROM unnest(ARRAY['posts', 'readings']) AS s (stream),
         unnest(ARRAY[%(start)s::timestamptz - interval '1 minute', %(end)s]) AS e (edge)
), gaps AS (
    SELECT stream, minute + interval '1 minute' AS starts_at,
           lead(minute) OVER (PARTITION BY stream ORDER BY minute) AS ends_at
    FROM minutes
)
SELECT stream, starts_at, ends_at
FROM gaps
WHERE ends_at - starts_at >= make_interval(mins => %(least_minutes)s)
ORDER BY stream, starts_at;
