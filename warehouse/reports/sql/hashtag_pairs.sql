-- Pairs are counted per whole hour: the hour in which the window starts counts if it starts with it.
SELECT hashtag_a, hashtag_b, sum(posts)::bigint AS posts
FROM serving.hashtag_pairs
WHERE hour >= %(start)s AND hour < %(end)s
GROUP BY hashtag_a, hashtag_b
ORDER BY posts DESC, hashtag_a COLLATE "C", hashtag_b COLLATE "C";
