-- PostgreSQL equals a count of the values in the journal, else in bronze. Silver decides only which records
-- are counted.
SELECT minute_us, hashtag, lang, e.posts AS recounted, f.posts AS postgres,
    CASE
        WHEN e.posts IS DISTINCT FROM f.posts THEN 'posts'
        WHEN f.date_id IS DISTINCT FROM CAST(make_timestamp(minute_us) AS DATE) THEN 'date_id'
    END AS difference
FROM (
    SELECT minute_us, hashtag, lang, count(*) AS posts
    FROM (SELECT minute_us, lang, unnest(tags) AS hashtag FROM recounted_posts)
    GROUP BY minute_us, hashtag, lang
) AS e
FULL JOIN pg_hashtag_minute AS f USING (minute_us, hashtag, lang)
