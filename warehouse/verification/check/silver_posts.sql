-- Every column of silver equals the second parse of bronze; the text may be NULL only where the post was deleted.
SELECT generation, "partition", "offset",
    CASE
        WHEN s.post_id IS DISTINCT FROM p.post_id THEN 'post_id'
        WHEN s.source IS DISTINCT FROM p.source THEN 'source'
        WHEN s.created_us IS DISTINCT FROM p.created_us THEN 'created_at'
        WHEN s.lang IS DISTINCT FROM p.lang THEN 'lang'
        WHEN s.hashtags IS DISTINCT FROM p.hashtags THEN 'hashtags'
        WHEN s.counted_hashtags IS DISTINCT FROM p.counted_hashtags THEN 'counted_hashtags'
        WHEN s.author_pseudonym IS DISTINCT FROM p.author_pseudonym THEN 'author_pseudonym'
        WHEN s.mention_pseudonyms IS DISTINCT FROM p.mention_pseudonyms THEN 'mention_pseudonyms'
        WHEN s.in_reply_to IS DISTINCT FROM p.in_reply_to THEN 'in_reply_to'
        WHEN s.kafka_us IS DISTINCT FROM p.kafka_us THEN 'kafka_at'
        WHEN s.text_md5 IS NULL AND x.post_id IS NULL THEN 'text is blank without a deletion'
        WHEN s.text_md5 IS NOT NULL AND s.text_md5 <> p.text_md5 THEN 'text'
        WHEN s.ingest_date IS DISTINCT FROM CAST(make_timestamp(s.ingested_us) AS DATE) THEN 'ingest_date'
    END AS difference
FROM silver_posts AS s
JOIN (SELECT * FROM parsed_posts WHERE verdict = 'valid') AS p USING (generation, "partition", "offset")
LEFT JOIN (SELECT DISTINCT source, post_id FROM deletions) AS x ON x.source = s.source AND x.post_id = s.post_id
