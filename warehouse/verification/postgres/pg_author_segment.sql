COPY (
    SELECT f.date_id, a.author_pseudonym, f.segment_id, f.model_version
    FROM warehouse.fact_author_segment AS f
    JOIN warehouse.dim_author AS a USING (author_id)
) TO STDOUT WITH (FORMAT csv)
