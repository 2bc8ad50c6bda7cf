-- Every pseudonym is 64 hex digits, and none of them is an author id that occurs in bronze.
SELECT generation, "partition", "offset",
    CASE
        WHEN NOT regexp_full_match(author_pseudonym, '[0-9a-f]{64}') THEN 'author_pseudonym is not a pseudonym'
        WHEN len(list_filter(mention_pseudonyms, lambda m: NOT regexp_full_match(m, '[0-9a-f]{64}'))) > 0
            THEN 'mention_pseudonyms hold something else'
        WHEN a.author_sha IS NOT NULL THEN 'author_pseudonym is an author id of bronze'
    END AS difference
FROM silver_posts AS s
LEFT JOIN (SELECT DISTINCT author_sha FROM parsed_posts) AS a ON a.author_sha = sha256(s.author_pseudonym)
