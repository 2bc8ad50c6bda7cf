-- A warehouse of about a million rows in fact_* tables, with injected values for which the answers of the example questions
-- are known. The newest minute is 2026-03-06 12:00 UTC (a Friday). Run as a superuser with session_replication_role =
-- replica, because foreign keys are checked per row otherwise; all rows satisfy them.

-- 5 040 hashtags, 3 languages, 2 880 minutes (two days) of 140 rows. 'always-00' is the largest tag.
INSERT INTO warehouse.dim_hashtag (hashtag)
SELECT 'always-' || to_char(n, 'FM00') FROM generate_series(0, 39) AS n
UNION ALL SELECT 'tail-' || to_char(n, 'FM0000') FROM generate_series(0, 4999) AS n;
INSERT INTO warehouse.dim_hashtag (hashtag) VALUES ('injected-rise'), ('injected-fall'), ('injected-new');
INSERT INTO warehouse.dim_language (language) VALUES ('pt'), ('en'), ('es');

INSERT INTO warehouse.fact_hashtag_minute (minute, date_id, hashtag_id, language_id, posts)
SELECT minute, (minute AT TIME ZONE 'UTC')::date, h.hashtag_id, l.language_id, facts.posts
FROM (
    SELECT timestamptz '2026-03-06 12:00Z' - m * interval '1 minute' AS minute,
           CASE WHEN k < 40 THEN 'always-' || to_char(k, 'FM00')
                ELSE 'tail-' || to_char((m * 101 + k) % 5000, 'FM0000') END AS hashtag,
           (ARRAY['pt', 'en', 'es'])[1 + k % 3] AS language,
           CASE WHEN k < 40 THEN 80 - 2 * k ELSE 1 END AS posts
    FROM generate_series(0, 2879) AS m, generate_series(0, 139) AS k
    -- injected: 6 posts a minute after 1 a minute; 1 after 6; 2 after none
    UNION ALL SELECT timestamptz '2026-03-06 12:00Z' - m * interval '1 minute', 'injected-rise', 'pt',
                     CASE WHEN m < 60 THEN 6 ELSE 1 END FROM generate_series(0, 119) AS m
    UNION ALL SELECT timestamptz '2026-03-06 12:00Z' - m * interval '1 minute', 'injected-fall', 'pt',
                     CASE WHEN m < 60 THEN 1 ELSE 6 END FROM generate_series(0, 119) AS m
    UNION ALL SELECT timestamptz '2026-03-06 12:00Z' - m * interval '1 minute', 'injected-new', 'es', 2
              FROM generate_series(0, 59) AS m
) AS facts
JOIN warehouse.dim_hashtag AS h USING (hashtag)
JOIN warehouse.dim_language AS l USING (language);

-- Pairs: 'injected-rise' and 'injected-new' appear together 100 times in the newest hour, every other pair once an hour.
INSERT INTO warehouse.fact_hashtag_pair_hour (hour, date_id, hashtag_id_a, hashtag_id_b, posts)
SELECT hour, (hour AT TIME ZONE 'UTC')::date, first.id + a, first.id + a + 1 + a % 7, 1
FROM generate_series(timestamptz '2026-03-04 13:00Z', '2026-03-06 12:00Z', interval '1 hour') AS hour,
     generate_series(0, 999) AS a, (SELECT min(hashtag_id) AS id FROM warehouse.dim_hashtag) AS first
UNION ALL
SELECT '2026-03-06 12:00Z', '2026-03-06', n.hashtag_id, r.hashtag_id, 100
FROM warehouse.dim_hashtag AS n, warehouse.dim_hashtag AS r
WHERE n.hashtag = 'injected-new' AND r.hashtag = 'injected-rise';

-- Authors: 3 000 each first seen on 2 and on 3 March; of those of 2 March one in four is active again on each later day,
-- of those of 3 March every one is, on 6 March. The first author of all posts 500 times on 6 March.
INSERT INTO warehouse.dim_author (author_pseudonym, first_seen_date)
SELECT encode(sha256(n::text::bytea), 'hex'), CASE WHEN n <= 3000 THEN date '2026-03-02' ELSE date '2026-03-03' END
FROM generate_series(1, 6000) AS n ORDER BY n;
INSERT INTO warehouse.fact_author_day (date_id, author_id, posts, replies, mentions)
SELECT day, a.author_id, CASE WHEN a.author_id = first.author_id AND day = '2026-03-06' THEN 500 ELSE 2 END, 1, 1
FROM warehouse.dim_author AS a, (SELECT min(author_id) AS author_id FROM warehouse.dim_author) AS first,
     (SELECT day::date FROM generate_series(date '2026-03-02', '2026-03-06', interval '1 day') AS day) AS days
WHERE day = a.first_seen_date
   OR (a.first_seen_date = '2026-03-02' AND day > a.first_seen_date AND (a.author_id - first.author_id) % 4 = 0)
   OR (a.first_seen_date = '2026-03-03' AND day = '2026-03-06');

-- 15 machines, 6 sensors, 6 600 minutes (4.6 days): 594 000 rows less the injected gaps. All values stay within the
-- limits (30 to 70; rotation 0 to 70) and within one deviation of their mean, except for the injected values.
INSERT INTO warehouse.dim_machine (machine_id, model, line, site, commissioned_on, idle_rotation_rpm, is_placeholder)
SELECT 'm-' || to_char(n, 'FM00'), 'mill', CASE WHEN n <= 8 THEN 'north' ELSE 'south' END, 'plant', '2020-01-01', 10, false
FROM generate_series(1, 15) AS n ORDER BY n;
INSERT INTO warehouse.machine_limits
SELECT machine_key, sensor_key, CASE sensor WHEN 'rotation_rpm' THEN 0 ELSE 30 END, 70 FROM warehouse.dim_machine, warehouse.dim_sensor WHERE machine_id ~ '^m-';
INSERT INTO warehouse.dim_shift (shift, starts_at, ends_at, weekdays, time_zone) VALUES
    ('early', '06:00', '14:00', '{1,2,3,4,5,6,7}', 'America/Sao_Paulo'),
    ('late', '22:00', '06:00', '{1,2,3,4,5,6,7}', 'America/Sao_Paulo');
INSERT INTO warehouse.machine_shifts
SELECT machine_key, shift_key FROM warehouse.dim_machine, warehouse.dim_shift
WHERE machine_id ~ '^m-' AND shift IN ('early', 'late');

INSERT INTO warehouse.fact_machine_minute
    (minute, date_id, machine_key, sensor_key, readings, total, total_squares, lowest, highest)
SELECT minute, (minute AT TIME ZONE 'UTC')::date, machine_key, sensor_key, 60, 60 * mean, 60 * (mean * mean + 1),
       mean - 1, mean + 1
FROM (
    SELECT timestamptz '2026-03-06 12:00Z' - n * interval '1 minute' AS minute, m.machine_key, s.sensor_key,
           CASE
               -- outside the limits for 7 minutes
               WHEN m.machine_id = 'm-03' AND s.sensor = 'vibration_mm_s' AND n BETWEEN 100 AND 106 THEN 75
               -- inside the limits, but far from the machine's own normal range, for 5 minutes
               WHEN m.machine_id = 'm-05' AND s.sensor = 'temperature_c' AND n BETWEEN 200 AND 204 THEN 62
               -- idle during the whole early shift of 5 March (09:00 to 17:00 UTC); 10 is not above idle
               WHEN m.machine_id = 'm-02' AND s.sensor = 'rotation_rpm'
                   AND n BETWEEN 1141 AND 1620 THEN 10
               -- a slow climb of the newest six hours
               WHEN m.machine_id = 'm-09' AND s.sensor = 'power_kw' AND n < 360 THEN 50 + (360 - n) * 0.01
               ELSE 50 + (n % 3 - 1)
           END AS mean
    FROM generate_series(0, 6599) AS n, warehouse.dim_machine AS m, warehouse.dim_sensor AS s
    WHERE m.machine_id ~ '^m-'
      AND NOT (m.machine_id = 'm-07' AND n BETWEEN 300 AND 344)  -- no data for 45 minutes
      AND NOT (m.machine_id = 'm-08' AND n < 30)  -- and no data up to the end
) AS minutes;

-- A failure two hours after the anomalies of m-03 began, and one of m-11 without any warning; then repairs.
INSERT INTO warehouse.fact_machine_event
    (generation, partition, "offset", event_id, machine_key, date_id, occurred_at, kind, detail)
SELECT 1, 0, row_number() OVER () - 1, 'e-' || machine_id || at::text, machine_key, at::date, at, kind, 'injected'
FROM (VALUES ('m-03', timestamptz '2026-03-06 11:30Z', 'failure'), ('m-03', '2026-03-06 11:50Z', 'maintenance'),
             ('m-11', '2026-03-04 10:00Z', 'failure'), ('m-11', '2026-03-04 12:00Z', 'maintenance'),
             ('m-11', '2026-03-05 10:00Z', 'failure')) AS injected (machine_id, at, kind)
JOIN warehouse.dim_machine USING (machine_id);

-- The pipeline: one day of ledger rows, one a second, and a day of counts.
INSERT INTO ops.ledger (query, lineage, silver_version, from_offsets, to_offsets, rows, newest_event_at, batch_at)
SELECT query, 1, v, jsonb_build_object('0', v * 10), jsonb_build_object('0', v * 10 + 10), 10,
       timestamptz '2026-03-06 12:00:59Z' - (86400 - v) * interval '1 second',
       timestamptz '2026-03-06 12:01:00Z' - (86400 - v) * interval '1 second'
FROM generate_series(1, 86400) AS v, unnest(ARRAY['posts', 'readings']) AS query;
INSERT INTO ops.row_counts (query, minute, outcome, rows)
SELECT query, timestamptz '2026-03-06 12:00Z' - n * interval '1 minute', outcome,
       CASE outcome WHEN 'silver' THEN 970 WHEN 'duplicate' THEN 10 ELSE CASE WHEN query = 'posts' THEN 20 ELSE 0 END END
FROM generate_series(0, 1439) AS n, unnest(ARRAY['posts', 'readings']) AS query,
     unnest(ARRAY['silver', 'duplicate', 'quarantine:malformed']) AS outcome;
ANALYZE;
