-- Adds one batch of machine events. Same order of dimensions and of rows as the other upserts; see posts.sql.
INSERT INTO warehouse.dim_date
SELECT made.* FROM warehouse.make_date_rows(ARRAY(
    SELECT DISTINCT (occurred_at AT TIME ZONE 'UTC')::date FROM machine_event_rows
    EXCEPT SELECT date_id FROM warehouse.dim_date ORDER BY 1)) AS made
ON CONFLICT DO NOTHING;

INSERT INTO warehouse.dim_machine (machine_id, is_placeholder)
SELECT machine_id, true FROM (SELECT DISTINCT machine_id FROM machine_event_rows) AS seen
WHERE NOT EXISTS (SELECT FROM warehouse.dim_machine AS d WHERE d.machine_id = seen.machine_id)
ORDER BY machine_id
ON CONFLICT DO NOTHING;

INSERT INTO warehouse.fact_machine_event
    (generation, partition, "offset", event_id, machine_key, date_id, occurred_at, kind, detail)
SELECT r.generation, r.partition, r."offset", r.event_id, m.machine_key, (r.occurred_at AT TIME ZONE 'UTC')::date,
       r.occurred_at, r.kind, r.detail
FROM machine_event_rows AS r
JOIN warehouse.dim_machine AS m ON m.machine_id = r.machine_id
ORDER BY 1, 2, 3
ON CONFLICT (generation, partition, "offset") DO NOTHING;
