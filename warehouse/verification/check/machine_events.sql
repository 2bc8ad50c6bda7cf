SELECT generation, "partition", "offset",
    CASE
        WHEN f.event_id IS NULL THEN 'not in PostgreSQL'
        WHEN s.event_id IS NULL THEN 'not in silver'
        WHEN s.event_id <> f.event_id THEN 'event_id'
        WHEN s.machine_id <> f.machine_id THEN 'machine_id'
        WHEN s.occurred_us <> f.occurred_us THEN 'occurred_at'
        WHEN s.kind <> f.kind THEN 'kind'
        WHEN s.detail IS DISTINCT FROM f.detail THEN 'detail'
        WHEN f.date_id IS DISTINCT FROM CAST(make_timestamp(s.occurred_us) AS DATE) THEN 'date_id'
    END AS difference
FROM silver_machine_events AS s
FULL JOIN pg_machine_event AS f USING (generation, "partition", "offset")
