SELECT "day", author_pseudonym, e.posts AS silver, f.posts AS gold,
    CASE
        WHEN e.posts IS DISTINCT FROM f.posts THEN 'posts'
        WHEN e.replies IS DISTINCT FROM f.replies THEN 'replies'
        WHEN e.mentions IS DISTINCT FROM f.mentions THEN 'mentions'
    END AS difference
FROM (
    SELECT CAST(make_timestamp(created_us) AS DATE) AS "day", author_pseudonym,
        count(*) AS posts, count(in_reply_to) AS replies, sum(len(mention_pseudonyms)) AS mentions
    FROM silver_posts
    GROUP BY ALL
) AS e
FULL JOIN gold_author_days AS f USING ("day", author_pseudonym)
