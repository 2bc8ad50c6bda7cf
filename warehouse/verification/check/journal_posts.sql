SELECT generation, "partition", "offset",
    CASE
        WHEN j.id IS DISTINCT FROM p.post_id THEN 'id'
        WHEN j.source IS DISTINCT FROM p.source THEN 'source'
        WHEN j.minute_us IS DISTINCT FROM p.created_us - p.created_us % 60000000 THEN 'minute'
        WHEN j.lang IS DISTINCT FROM p.lang THEN 'lang'
        WHEN coalesce(j.tags, []) IS DISTINCT FROM p.counted_hashtags THEN 'tags'
    END AS difference
FROM journalled AS j
JOIN parsed_posts AS p USING (generation, "partition", "offset")
WHERE j.topic = 'posts' AND j.verdict = 'valid' AND p.verdict = 'valid'
