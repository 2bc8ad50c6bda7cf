-- Uses of hashtags per bin of the window; a bin without any has no row.
SELECT date_bin(%(step)s, minute, %(start)s) AS starts_at, sum(posts)::bigint AS uses, count(DISTINCT hashtag) AS hashtags
FROM serving.hashtag_minutes
WHERE minute >= %(start)s AND minute < %(end)s
GROUP BY 1
ORDER BY 1;
