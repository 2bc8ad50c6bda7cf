-- Minutes of the window in which a machine sent no data, between two minutes with data or up to the newest minute of all
-- machines; a gap that reaches over an edge of the window is cut there.
WITH newest AS (
    SELECT minute + interval '1 minute' AS ends_at FROM serving.machine_minutes ORDER BY minute DESC LIMIT 1
), cut AS (
    SELECT machine_id, greatest(starts_at, %(start)s) AS starts_at, least(coalesce(g.ends_at, newest.ends_at), %(end)s) AS ends_at,
           is_open OR g.ends_at > %(end)s AS is_open
    FROM serving.machine_gaps AS g, newest
    WHERE starts_at < %(end)s AND coalesce(g.ends_at, newest.ends_at) > %(start)s
)
SELECT machine_id, starts_at, ends_at, (extract(epoch FROM ends_at - starts_at) / 60)::int AS minutes,
       coalesce(is_open, false) AS is_open
FROM cut
ORDER BY machine_id COLLATE "C", starts_at;
