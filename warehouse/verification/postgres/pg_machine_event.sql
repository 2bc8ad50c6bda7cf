COPY (
    SELECT
        f.generation, f.partition, f."offset", f.event_id, m.machine_id, f.date_id,
        (extract(epoch FROM f.occurred_at) * 1000000)::bigint, f.kind, f.detail
    FROM warehouse.fact_machine_event AS f
    JOIN warehouse.dim_machine AS m USING (machine_key)
) TO STDOUT WITH (FORMAT csv)
