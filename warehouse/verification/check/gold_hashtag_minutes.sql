-- Gold equals silver at the version that gold was made from.
SELECT minute_us, hashtag, lang, e.posts AS silver, f.posts AS gold,
    CASE
        WHEN e.posts IS DISTINCT FROM f.posts THEN 'posts'
    END AS difference
FROM (
    SELECT minute_us, hashtag, lang, count(*) AS posts
    FROM (SELECT created_us - created_us % 60000000 AS minute_us, lang, unnest(counted_hashtags) AS hashtag FROM silver_posts)
    GROUP BY minute_us, hashtag, lang
) AS e
FULL JOIN gold_hashtag_minutes AS f USING (minute_us, hashtag, lang)
