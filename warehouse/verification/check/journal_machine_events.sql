SELECT generation, "partition", "offset",
    CASE
        WHEN j.id IS DISTINCT FROM p.event_id THEN 'id'
        WHEN j.machine_id IS DISTINCT FROM p.machine_id THEN 'machine_id'
        WHEN j.occurred_us IS DISTINCT FROM p.occurred_us THEN 'occurred_at'
        WHEN j.kind IS DISTINCT FROM p.kind THEN 'kind'
    END AS difference
FROM journalled AS j
JOIN parsed_machine_events AS p USING (generation, "partition", "offset")
WHERE j.topic = 'machine_events' AND j.verdict = 'valid' AND p.verdict = 'valid'
