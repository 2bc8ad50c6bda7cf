-- Which segment an author is in is the model's judgement; here: lake and PostgreSQL hold the same one, each author once a
-- day, and nobody is in a segment who has not posted.
SELECT "day", author_pseudonym, e.segment_id AS lake, f.segment_id AS postgres,
    CASE
        WHEN e.rows <> 1 THEN 'rows in the lake'
        WHEN e.segment_id IS DISTINCT FROM f.segment_id THEN 'segment_id'
        WHEN e.model_version IS DISTINCT FROM f.model_version THEN 'model_version'
        WHEN p.first_day IS NULL OR p.first_day > "day" THEN 'an author without posts'
    END AS difference
FROM (
    SELECT "day", author_pseudonym, any_value(segment_id) AS segment_id, any_value(model_version) AS model_version,
        count(*) AS rows
    FROM gold_author_segments
    GROUP BY ALL
) AS e
FULL JOIN pg_author_segment AS f USING ("day", author_pseudonym)
LEFT JOIN (
    SELECT author_pseudonym, min("day") AS first_day
    FROM gold_author_days
    GROUP BY ALL
) AS p USING (author_pseudonym)
