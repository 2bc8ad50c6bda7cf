INSERT INTO quarantine
SELECT getvariable('topic'), generation, "partition", "offset", epoch_us(kafka_at), rule, sha256("value"), replayed_at IS NOT NULL
FROM read_parquet(getvariable('files'), hive_partitioning = true, union_by_name = true);
