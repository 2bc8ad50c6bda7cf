SELECT generation, "partition", "offset",
    CASE
        WHEN s.event_id IS DISTINCT FROM p.event_id THEN 'event_id'
        WHEN s.machine_id IS DISTINCT FROM p.machine_id THEN 'machine_id'
        WHEN s.occurred_us IS DISTINCT FROM p.occurred_us THEN 'occurred_at'
        WHEN s.kind IS DISTINCT FROM p.kind THEN 'kind'
        WHEN s.detail IS DISTINCT FROM p.detail THEN 'detail'
        WHEN s.kafka_us IS DISTINCT FROM p.kafka_us THEN 'kafka_at'
        WHEN s.ingest_date IS DISTINCT FROM CAST(make_timestamp(s.ingested_us) AS DATE) THEN 'ingest_date'
    END AS difference
FROM silver_machine_events AS s
JOIN (SELECT * FROM parsed_machine_events WHERE verdict = 'valid') AS p USING (generation, "partition", "offset")
