SELECT hour_us, author_pseudonym, e.posts AS silver, f.posts AS gold,
    CASE
        WHEN e.posts IS DISTINCT FROM f.posts THEN 'posts'
        WHEN e.hashtags IS DISTINCT FROM f.hashtags THEN 'hashtags'
    END AS difference
FROM (
    SELECT epoch_us(date_trunc('hour', make_timestamp(created_us))) AS hour_us, author_pseudonym,
        count(*) AS posts, sum(len(counted_hashtags)) AS hashtags
    FROM silver_posts
    GROUP BY ALL
) AS e
FULL JOIN gold_author_hours AS f USING (hour_us, author_pseudonym)
