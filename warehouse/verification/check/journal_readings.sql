SELECT generation, "partition", "offset",
    CASE
        WHEN j.id IS DISTINCT FROM p.reading_id THEN 'id'
        WHEN j.machine_id IS DISTINCT FROM p.machine_id THEN 'machine_id'
        WHEN j.minute_us IS DISTINCT FROM p.measured_us - p.measured_us % 60000000 THEN 'minute'
        WHEN (j.temperature_c, j.vibration_mm_s, j.rotation_rpm, j.pressure_bar, j.power_kw, j.parts_count)
            IS DISTINCT FROM (p.temperature_c, p.vibration_mm_s, p.rotation_rpm, p.pressure_bar, p.power_kw, p.parts_count)
            THEN 'values'
    END AS difference
FROM journalled AS j
JOIN parsed_readings AS p USING (generation, "partition", "offset")
WHERE j.topic = 'readings' AND j.verdict = 'valid' AND p.verdict = 'valid'
