SELECT "day", author_pseudonym, hashtag, e.posts AS silver, f.posts AS gold,
    CASE WHEN e.posts IS DISTINCT FROM f.posts THEN 'posts' END AS difference
FROM (
    SELECT "day", author_pseudonym, hashtag, count(*) AS posts
    FROM (
        SELECT CAST(make_timestamp(created_us) AS DATE) AS "day", author_pseudonym, unnest(counted_hashtags) AS hashtag
        FROM silver_posts
    )
    GROUP BY ALL
) AS e
FULL JOIN gold_author_hashtag_days AS f USING ("day", author_pseudonym, hashtag)
