-- Which topics belong together? Pairs used in the same post most often in the newest 24 hours.
SELECT hashtag_a, hashtag_b, sum(posts)::bigint AS posts
FROM serving.hashtag_pairs
WHERE hour > (SELECT max(hour) FROM serving.hashtag_pairs) - interval '24 hours'
GROUP BY hashtag_a, hashtag_b
ORDER BY posts DESC, hashtag_a, hashtag_b
LIMIT 10;
