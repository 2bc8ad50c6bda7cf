-- What are people talking about now, and is each topic growing or fading against the hour before?
SELECT hashtag, posts, previous_posts, posts - previous_posts AS change,
       CASE WHEN previous_posts = 0 THEN 'new' WHEN trend > 1.2 THEN 'rising' WHEN trend < 0.8 THEN 'fading'
            ELSE 'steady' END AS direction
FROM serving.hashtag_top
ORDER BY posts DESC, hashtag
LIMIT 10;
