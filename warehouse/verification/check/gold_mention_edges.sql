SELECT "day", author_pseudonym, mention_pseudonym, e.mentions AS silver, f.mentions AS gold,
    CASE WHEN e.mentions IS DISTINCT FROM f.mentions THEN 'mentions' END AS difference
FROM (
    SELECT "day", author_pseudonym, mention_pseudonym, count(*) AS mentions
    FROM (
        SELECT CAST(make_timestamp(created_us) AS DATE) AS "day", author_pseudonym, unnest(mention_pseudonyms) AS mention_pseudonym
        FROM silver_posts
    )
    GROUP BY ALL
) AS e
FULL JOIN gold_mention_edges AS f USING ("day", author_pseudonym, mention_pseudonym)
