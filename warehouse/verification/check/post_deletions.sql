SELECT generation, "partition", "offset",
    CASE
        WHEN s.post_id IS DISTINCT FROM p.post_id THEN 'post_id'
        WHEN s.source IS DISTINCT FROM p.source THEN 'source'
        WHEN s.deleted_us IS DISTINCT FROM p.created_us THEN 'deleted_at'
        WHEN s.kafka_us IS DISTINCT FROM p.kafka_us THEN 'kafka_at'
        WHEN s.ingest_date IS DISTINCT FROM CAST(make_timestamp(s.ingested_us) AS DATE) THEN 'ingest_date'
    END AS difference
FROM deletions AS s
JOIN (SELECT * FROM parsed_posts WHERE verdict = 'deletion') AS p USING (generation, "partition", "offset")
