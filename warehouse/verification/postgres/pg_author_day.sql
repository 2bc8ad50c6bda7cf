COPY (
    SELECT f.date_id, a.author_pseudonym, f.posts, f.replies, f.mentions
    FROM warehouse.fact_author_day AS f
    JOIN warehouse.dim_author AS a USING (author_id)
) TO STDOUT WITH (FORMAT csv)
