COPY (
    SELECT
        (extract(epoch FROM f.minute) * 1000000)::bigint, f.date_id, m.machine_id, s.sensor, f.readings,
        (f.total * 10000)::numeric(38, 0), (f.total_squares * 100000000)::numeric(38, 0),
        (f.lowest * 10000)::bigint, (f.highest * 10000)::bigint
    FROM warehouse.fact_machine_minute AS f
    JOIN warehouse.dim_machine AS m USING (machine_key)
    JOIN warehouse.dim_sensor AS s USING (sensor_key)
) TO STDOUT WITH (FORMAT csv)
