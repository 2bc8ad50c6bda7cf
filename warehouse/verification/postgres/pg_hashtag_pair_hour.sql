COPY (
    SELECT (extract(epoch FROM f.hour) * 1000000)::bigint, f.date_id, a.hashtag, b.hashtag, f.posts
    FROM warehouse.fact_hashtag_pair_hour AS f
    JOIN warehouse.dim_hashtag AS a ON a.hashtag_id = f.hashtag_id_a
    JOIN warehouse.dim_hashtag AS b ON b.hashtag_id = f.hashtag_id_b
) TO STDOUT WITH (FORMAT csv)
