INSERT INTO deletions
SELECT generation, "partition", "offset", epoch_us(kafka_at),
    post_id, source, epoch_us(deleted_at), epoch_us(ingested_at), CAST(ingest_date AS DATE)
FROM read_parquet(getvariable('files'), hive_partitioning = true, union_by_name = true);
