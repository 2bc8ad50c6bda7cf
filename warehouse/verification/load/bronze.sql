-- `sha256` is NULL for a missing value (a tombstone), as in quarantine; `sent_sha256` treats it as no bytes, as the
-- journal does.
INSERT INTO bronze
SELECT topic, generation, "partition", "offset", epoch_us(kafka_at), sha256("value"),
    sha256(coalesce("value", ''::BLOB))
FROM read_parquet(getvariable('files'), hive_partitioning = true, union_by_name = true);
