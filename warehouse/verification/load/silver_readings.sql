INSERT INTO silver_readings
SELECT generation, "partition", "offset", epoch_us(kafka_at),
    reading_id, machine_id, epoch_us(measured_at),
    CAST(temperature_c * 10000 AS BIGINT), CAST(vibration_mm_s * 10000 AS BIGINT), CAST(rotation_rpm * 10000 AS BIGINT),
    CAST(pressure_bar * 10000 AS BIGINT), CAST(power_kw * 10000 AS BIGINT), CAST(parts_count * 10000 AS BIGINT),
    epoch_us(ingested_at), CAST(ingest_date AS DATE)
FROM read_parquet(getvariable('files'), hive_partitioning = true, union_by_name = true);
