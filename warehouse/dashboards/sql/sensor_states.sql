SELECT machine_id, coalesce(nullif(concat_ws(' · ', model, line, site), ''), 'not described yet') AS place, sensor, unit,
       minute, average::double precision AS average,
       limit_low::double precision AS limit_low, limit_high::double precision AS limit_high
FROM serving.machine_latest
ORDER BY machine_id, sensor;
