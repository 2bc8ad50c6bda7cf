SELECT generation, "partition", "offset", epoch_us(kafka_at) AS kafka_us, "value"
FROM read_parquet(getvariable('files'), hive_partitioning = true, union_by_name = true)
WHERE topic = $topic
