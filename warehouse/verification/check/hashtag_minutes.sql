-- PostgreSQL equals silver at the ledger's version.
SELECT minute_us, hashtag, lang, e.posts AS silver, f.posts AS postgres,
    CASE
        WHEN e.posts IS DISTINCT FROM f.posts THEN 'posts'
        WHEN f.date_id IS DISTINCT FROM CAST(make_timestamp(minute_us) AS DATE) THEN 'date_id'
    END AS difference
FROM (
    SELECT minute_us, hashtag, lang, count(*) AS posts
    FROM (SELECT created_us - created_us % 60000000 AS minute_us, lang, unnest(counted_hashtags) AS hashtag FROM silver_posts)
    GROUP BY minute_us, hashtag, lang
) AS e
FULL JOIN pg_hashtag_minute AS f USING (minute_us, hashtag, lang)
