INSERT INTO silver_posts
SELECT generation, "partition", "offset", epoch_us(kafka_at),
    post_id, source, author_pseudonym, epoch_us(created_at), lang, md5("text"),
    hashtags, counted_hashtags, mention_pseudonyms, in_reply_to, epoch_us(ingested_at), CAST(ingest_date AS DATE)
FROM read_parquet(getvariable('files'), hive_partitioning = true, union_by_name = true);
