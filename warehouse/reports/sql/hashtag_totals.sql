-- Posts per hashtag: in the window, and in the two equally long periods that the trend compares.
SELECT hashtag,
       coalesce(sum(posts) FILTER (WHERE minute >= %(start)s), 0)::bigint AS posts,
       coalesce(sum(posts) FILTER (WHERE minute >= %(recent_start)s), 0)::bigint AS recent,
       coalesce(sum(posts) FILTER (WHERE minute >= %(previous_start)s AND minute < %(recent_start)s), 0)::bigint AS previous
FROM serving.hashtag_minutes
WHERE minute >= least(%(start)s, %(previous_start)s) AND minute < %(end)s
GROUP BY hashtag
HAVING sum(posts) FILTER (WHERE minute >= %(start)s) > 0
ORDER BY posts DESC, hashtag COLLATE "C";
