SELECT generation, "partition", "offset",
    CASE
        WHEN s.reading_id IS DISTINCT FROM p.reading_id THEN 'reading_id'
        WHEN s.machine_id IS DISTINCT FROM p.machine_id THEN 'machine_id'
        WHEN s.measured_us IS DISTINCT FROM p.measured_us THEN 'measured_at'
        WHEN s.temperature_c IS DISTINCT FROM p.temperature_c THEN 'temperature_c'
        WHEN s.vibration_mm_s IS DISTINCT FROM p.vibration_mm_s THEN 'vibration_mm_s'
        WHEN s.rotation_rpm IS DISTINCT FROM p.rotation_rpm THEN 'rotation_rpm'
        WHEN s.pressure_bar IS DISTINCT FROM p.pressure_bar THEN 'pressure_bar'
        WHEN s.power_kw IS DISTINCT FROM p.power_kw THEN 'power_kw'
        WHEN s.parts_count IS DISTINCT FROM p.parts_count THEN 'parts_count'
        WHEN s.kafka_us IS DISTINCT FROM p.kafka_us THEN 'kafka_at'
        WHEN s.ingest_date IS DISTINCT FROM CAST(make_timestamp(s.ingested_us) AS DATE) THEN 'ingest_date'
    END AS difference
FROM silver_readings AS s
JOIN (SELECT * FROM parsed_readings WHERE verdict = 'valid') AS p USING (generation, "partition", "offset")
