-- Which topics are taking off? The hour's strongest growth among tags with at least 100 posts; one post is added on
-- both sides, so that a tag without posts before can be ranked, too.
SELECT hashtag, posts, previous_posts, round((posts + 1)::numeric / (previous_posts + 1), 2) AS growth
FROM serving.hashtag_top
WHERE posts >= 100
ORDER BY growth DESC, hashtag
LIMIT 10;
