-- Hashtags of the newest span_minutes. The trend compares two equally long runs of whole minutes: span_minutes each, or
-- half of the available minutes if there are fewer. The newest minute is incomplete, the very first one may be, too.
WITH edge AS (
    SELECT minute AS newest FROM serving.hashtag_minutes WHERE minute <= now() ORDER BY minute DESC LIMIT 1
), oldest AS (
    SELECT minute  -- a scalar bound, not a join: otherwise the index scan starts at the first fact
    FROM serving.hashtag_minutes
    WHERE minute >= (SELECT newest FROM edge) - make_interval(mins => 2 * %(span_minutes)s + 1)
    ORDER BY minute
    LIMIT 1
), runs AS (
    SELECT edge.newest, greatest((extract(epoch FROM edge.newest - oldest.minute)::int / 60 - 1) / 2, 0) AS trend_minutes
    FROM edge, oldest
), bounds AS MATERIALIZED (
    SELECT newest, trend_minutes,
           newest - make_interval(mins => %(span_minutes)s) AS before_span,
           newest - make_interval(mins => trend_minutes) AS recent_from,
           newest - make_interval(mins => 2 * trend_minutes) AS previous_from
    FROM runs
)
SELECT h.hashtag, b.trend_minutes,
       coalesce(sum(h.posts) FILTER (WHERE h.minute > b.before_span), 0)::bigint AS posts,
       coalesce(sum(h.posts) FILTER (WHERE h.minute >= b.recent_from AND h.minute < b.newest), 0)::bigint AS recent,
       coalesce(sum(h.posts) FILTER (WHERE h.minute >= b.previous_from AND h.minute < b.recent_from), 0)::bigint AS previous
FROM bounds AS b
JOIN serving.hashtag_minutes AS h ON h.minute BETWEEN least(b.previous_from, b.before_span) AND b.newest
GROUP BY h.hashtag, b.trend_minutes
HAVING sum(h.posts) FILTER (WHERE h.minute > b.before_span) > 0
ORDER BY posts DESC, h.hashtag COLLATE "C"
LIMIT %(top)s;
