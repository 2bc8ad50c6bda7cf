INSERT INTO bronze
SELECT topic, generation, "partition", "offset", epoch_us(kafka_at), sha256("value")
FROM read_parquet(getvariable('files'), hive_partitioning = true, union_by_name = true);
