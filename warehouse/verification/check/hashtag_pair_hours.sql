-- PostgreSQL equals the unordered pairs of the first ten counted hashtags of each post, the one with the lower code
-- point first.
SELECT hour_us, hashtag_a, hashtag_b, e.posts AS silver, f.posts AS postgres,
    CASE
        WHEN e.posts IS DISTINCT FROM f.posts THEN 'posts'
        WHEN f.date_id IS DISTINCT FROM CAST(make_timestamp(hour_us) AS DATE) THEN 'date_id'
    END AS difference
FROM (
    WITH tags AS (
        SELECT generation, "partition", "offset", created_us - created_us % 3600000000 AS hour_us,
            unnest(counted_hashtags[1:10]) AS hashtag
        FROM silver_posts WHERE len(counted_hashtags) > 1
    )
    SELECT a.hour_us, a.hashtag AS hashtag_a, b.hashtag AS hashtag_b, count(*) AS posts
    FROM tags AS a JOIN tags AS b USING (generation, "partition", "offset")
    WHERE a.hashtag < b.hashtag
    GROUP BY a.hour_us, a.hashtag, b.hashtag
) AS e
FULL JOIN pg_hashtag_pair_hour AS f USING (hour_us, hashtag_a, hashtag_b)
