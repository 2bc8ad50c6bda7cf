INSERT INTO silver_machine_events
SELECT generation, "partition", "offset", epoch_us(kafka_at),
    event_id, machine_id, epoch_us(occurred_at), kind, detail, epoch_us(ingested_at), CAST(ingest_date AS DATE)
FROM read_parquet(getvariable('files'), hive_partitioning = true, union_by_name = true);
