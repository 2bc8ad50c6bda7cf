INSERT INTO quarantine
SELECT getvariable('topic'), generation, "partition", "offset", epoch_us(kafka_at), rule, sha256("value"),
    epoch_us(replayed_at), purged_at IS NOT NULL
FROM (
    SELECT * FROM read_parquet(getvariable('files'), hive_partitioning = true, union_by_name = true)
    UNION ALL BY NAME SELECT NULL::TIMESTAMPTZ AS purged_at WHERE false -- files from before this column was added do not have it
);
