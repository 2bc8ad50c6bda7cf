-- Posts per bin of the requested hashtags; a bin without any has no row.
SELECT hashtag, date_bin(%(step)s, minute, %(start)s) AS starts_at, sum(posts)::bigint AS posts
FROM serving.hashtag_minutes
WHERE hashtag = ANY(%(hashtags)s) AND minute >= %(start)s AND minute < %(end)s
GROUP BY hashtag, 2
ORDER BY hashtag COLLATE "C", 2;
