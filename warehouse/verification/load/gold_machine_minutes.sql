-- Decimals with 38 digits are scaled by removing the point from their text: a multiplication would overflow.
INSERT INTO gold_machine_minutes
SELECT epoch_us("minute"), machine_id, sensor, readings,
    CAST(replace(CAST(total AS VARCHAR), '.', '') AS HUGEINT), CAST(replace(CAST(total_squares AS VARCHAR), '.', '') AS HUGEINT),
    CAST(lowest * 10000 AS BIGINT), CAST(highest * 10000 AS BIGINT)
FROM read_parquet(getvariable('files'), union_by_name = true);
