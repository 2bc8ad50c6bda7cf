COPY (
    SELECT (extract(epoch FROM f.minute) * 1000000)::bigint, f.date_id, h.hashtag, l.language, f.posts
    FROM warehouse.fact_hashtag_minute AS f
    JOIN warehouse.dim_hashtag AS h USING (hashtag_id)
    JOIN warehouse.dim_language AS l USING (language_id)
) TO STDOUT WITH (FORMAT csv)
