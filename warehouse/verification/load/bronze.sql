-- A journal does not tell no bytes from a missing value; quarantine must.
INSERT INTO bronze
SELECT topic, generation, "partition", "offset", epoch_us(kafka_at), sha256("value"),
    sha256(coalesce("value", ''::BLOB))
FROM read_parquet(getvariable('files'), hive_partitioning = true, union_by_name = true);
