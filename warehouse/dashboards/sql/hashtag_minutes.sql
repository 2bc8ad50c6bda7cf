-- Every minute of the window for every requested tag, so that the newest minute has a row even for a tag without posts.
WITH edge AS (
    SELECT minute AS newest FROM serving.hashtag_minutes WHERE minute <= now() ORDER BY minute DESC LIMIT 1
), counted AS (
    SELECT h.hashtag, h.minute, sum(h.posts)::bigint AS posts
    FROM edge, serving.hashtag_minutes AS h
    WHERE h.hashtag = ANY(%(hashtags)s)
      AND h.minute > edge.newest - make_interval(mins => %(line_minutes)s) AND h.minute <= edge.newest
    GROUP BY h.hashtag, h.minute
)
SELECT t.hashtag, m.minute, coalesce(c.posts, 0) AS posts
FROM edge
CROSS JOIN unnest(%(hashtags)s::text[]) AS t (hashtag)
CROSS JOIN generate_series(0, %(line_minutes)s - 1) AS back (minutes)
CROSS JOIN LATERAL (SELECT edge.newest - make_interval(mins => back.minutes)) AS m (minute)
LEFT JOIN counted AS c ON c.hashtag = t.hashtag AND c.minute = m.minute
ORDER BY t.hashtag COLLATE "C", m.minute;
