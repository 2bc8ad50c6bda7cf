-- A week of facts for reports, with injected events whose place is known. The newest minute is 2026-03-08 12:33 UTC, a Sunday.
-- `week.machines` (at most 10) and `week.sensors` (3 to 6) say how many. Run as a superuser with session_replication_role
-- = replica: foreign keys are checked per row otherwise; all rows satisfy them. No random numbers: same rows every time.
CREATE TEMP TABLE edges AS
SELECT timestamptz '2026-03-01 12:00Z' AS first_minute, timestamptz '2026-03-08 12:33Z' AS last_minute;

-- 38 hashtags every ten minutes, after the hour of the day; #chuva rises on the last day, #carnaval fades. Two are
-- hostile: markup, and a formula. Posts stop on 7 March from 03:10 to 05:30.
INSERT INTO warehouse.dim_hashtag (hashtag)
SELECT tag FROM unnest(ARRAY['futebol', 'chuva', 'eleições', 'carnaval', 'praia', 'trânsito', 'música', 'café', 'dólar',
    'bomdia', '=HYPERLINK("http://x")', '<script>alert(1)</script>']) AS tag
UNION ALL SELECT 'tema' || to_char(n, 'FM00') FROM generate_series(1, 26) AS n;
INSERT INTO warehouse.dim_language (language) VALUES ('pt'), ('en');

INSERT INTO warehouse.fact_hashtag_minute (minute, date_id, hashtag_id, language_id, posts)
SELECT minute, (minute AT TIME ZONE 'UTC')::date, hashtag_id, language_id, posts
FROM (
    SELECT minute, h.hashtag_id, l.language_id,
           round((60.0 / (3 + rank)) * (1.1 + sin((extract(hour FROM minute) + extract(minute FROM minute) / 60.0 - 16) / 24 * 2 * pi()))
                 * CASE l.language WHEN 'en' THEN 0.3 ELSE 1 END
                 * CASE WHEN hashtag = 'chuva' AND minute > '2026-03-07 20:00Z' THEN 4
                        WHEN hashtag = 'carnaval' AND minute > '2026-03-07 12:00Z' THEN 0.3
                        ELSE 1 + 0.2 * sin(rank * 7 + extract(epoch FROM minute) / 9000) END)::bigint AS posts
    FROM edges, generate_series(first_minute, last_minute, interval '10 minutes') AS minute,
         (SELECT *, row_number() OVER (ORDER BY hashtag_id) AS rank FROM warehouse.dim_hashtag) AS h, warehouse.dim_language AS l
    UNION ALL  -- one tag in every minute, so that only the injected gap is one
    SELECT minute, (SELECT hashtag_id FROM warehouse.dim_hashtag WHERE hashtag = 'futebol'), l.language_id, 2
    FROM edges, generate_series(first_minute, last_minute, interval '1 minute') AS minute, warehouse.dim_language AS l
    WHERE language = 'pt' AND extract(minute FROM minute)::int % 10 <> 0
) AS facts
WHERE posts > 0 AND minute NOT BETWEEN '2026-03-07 03:10Z' AND '2026-03-07 05:29Z';

INSERT INTO warehouse.fact_hashtag_pair_hour (hour, date_id, hashtag_id_a, hashtag_id_b, posts)
SELECT hour, (hour AT TIME ZONE 'UTC')::date, a.hashtag_id, b.hashtag_id,
       40 / (a.hashtag_id - base.id + b.hashtag_id - base.id) + CASE WHEN b.hashtag_id - base.id = 5 THEN 9 ELSE 1 END
FROM edges, generate_series(date_trunc('hour', first_minute), last_minute, interval '1 hour') AS hour,
     (SELECT min(hashtag_id) AS id FROM warehouse.dim_hashtag) AS base, warehouse.dim_hashtag AS a, warehouse.dim_hashtag AS b
WHERE a.hashtag_id < b.hashtag_id AND b.hashtag_id - base.id < 12;

-- 900 authors; 120 are new every day.
INSERT INTO warehouse.dim_author (author_pseudonym, first_seen_date)
SELECT encode(sha256(('week' || n)::bytea), 'hex'), date '2026-03-01' + greatest(n - 60, 0) / 120
FROM generate_series(1, 900) AS n ORDER BY n;
INSERT INTO warehouse.fact_author_day (date_id, author_id, posts, replies, mentions)
SELECT day, author_id, 1 + (author_id * 7 + extract(day FROM day)::int) % 9, (author_id + extract(day FROM day)::int) % 2, author_id % 4
FROM (SELECT date '2026-03-01' + n AS day FROM generate_series(0, 7) AS n) AS days
JOIN warehouse.dim_author ON first_seen_date <= day
WHERE (author_id * 13 + extract(day FROM day)::int * 5) % 10 < 6 OR first_seen_date = day;

-- Segments of 7 and 8 March: every twentieth author moved on, authors with another remainder came or left.
INSERT INTO warehouse.dim_segment VALUES
    (1, 'Writes daily, mostly about football', true), (2, 'Answers others, many mentions', true),
    (3, 'Seldom writes', true), (4, 'News in the morning, several topics', true), (5, '<b>New</b> since February', false);
INSERT INTO warehouse.fact_author_segment (date_id, author_id, segment_id, model_version)
SELECT day, author_id, CASE WHEN day = '2026-03-08' AND author_id % 20 = 0 THEN 1 + (author_id / 20) % 4
                            WHEN author_id % 10 < 2 THEN 1 WHEN author_id % 10 < 4 THEN 2 WHEN author_id % 10 < 8 THEN 3 ELSE 4 END, 2
FROM (VALUES (date '2026-03-07'), (date '2026-03-08')) AS days (day), warehouse.dim_author
WHERE first_seen_date <= day AND NOT (day = '2026-03-08' AND author_id % 31 = 0);

-- Machines work in the hours of their shifts and stand still otherwise; values vary smoothly and stay within the limits,
-- except for what is injected.
INSERT INTO warehouse.fact_machine_minute
    (minute, date_id, machine_key, sensor_key, readings, total, total_squares, lowest, highest)
SELECT minute, (minute AT TIME ZONE 'UTC')::date, machine_key, sensor_key, 60, 60 * mean, 60 * (mean * mean + spread * spread),
       mean - spread, mean + spread
FROM (
    SELECT minute, machine_key, sensor_key, round(greatest(high * 0.02, 0.01), 4) AS spread, round((CASE
        -- machine-03: vibration above its limit for 42 minutes before it fails on 8 March at 04:00
        WHEN machine_id = 'machine-03' AND sensor = 'vibration_mm_s' AND minute BETWEEN '2026-03-08 03:18Z' AND '2026-03-08 03:59Z'
            THEN high * 1.2
        -- machine-02: far from its own normal for 25 minutes, within the limits
        WHEN machine_id = 'machine-02' AND sensor = 'temperature_c' AND minute BETWEEN '2026-03-08 09:00Z' AND '2026-03-08 09:24Z'
            THEN high * 0.97
        WHEN sensor = 'rotation_rpm' AND NOT works THEN 0
        WHEN NOT works AND sensor <> 'temperature_c' THEN high * 0.2
        ELSE high * (0.55 + 0.04 * sin(extract(epoch FROM minute) / 1700 + machine_key)) END)::numeric, 4) AS mean
    FROM (
        SELECT minute, m.machine_key, m.machine_id, s.sensor_key, s.sensor, l.high,
               number <> 7 AND (extract(hour FROM minute)::int + number) % 12 > number % 4
               AND NOT (machine_id = 'machine-03' AND minute >= '2026-03-08 04:00Z') AS works
        FROM edges, generate_series(first_minute, last_minute, interval '1 minute') AS minute,
             (SELECT *, right(machine_id, 2)::int AS number FROM warehouse.dim_machine) AS m
             JOIN warehouse.machine_limits AS l USING (machine_key) JOIN warehouse.dim_sensor AS s USING (sensor_key)
        WHERE number <= current_setting('week.machines')::int
          AND (sensor_key <= current_setting('week.sensors')::int OR sensor = 'rotation_rpm')
    ) AS planned
    -- machine-01 was silent for 45 minutes, machine-02 is silent since 12:00; nothing at all came from 01:00 to 01:30
    WHERE NOT (machine_id = 'machine-01' AND minute BETWEEN '2026-03-08 06:15Z' AND '2026-03-08 06:59Z')
      AND NOT (machine_id = 'machine-02' AND minute >= '2026-03-08 12:00Z')
      AND minute NOT BETWEEN '2026-03-08 01:00Z' AND '2026-03-08 01:29Z'
) AS minutes;

-- machine-03 failed on 8 March at 04:00 and is still open; machine-01 failed and was repaired, twice.
INSERT INTO warehouse.fact_machine_event
    (generation, partition, "offset", event_id, machine_key, date_id, occurred_at, kind, detail)
SELECT 1, 0, row_number() OVER () - 1, 'e-' || machine_id || at::text, machine_key, (at AT TIME ZONE 'UTC')::date, at, kind, detail
FROM (VALUES ('machine-01', timestamptz '2026-03-05 10:00Z', 'failure', 'spindle bearing'),
             ('machine-01', '2026-03-05 13:30Z', 'maintenance', 'bearing replaced'),
             ('machine-01', '2026-03-07 22:00Z', 'failure', '=cmd|'' /C calc''!A0'),
             ('machine-01', '2026-03-07 23:10Z', 'maintenance', null),
             ('machine-03', '2026-03-08 04:00Z', 'failure', 'vibration too high <img src=x onerror=alert(1)>'))
    AS injected (machine_id, at, kind, detail)
JOIN warehouse.dim_machine USING (machine_id);

-- The pipeline: a batch of each stream every five minutes, 1 to 4 s behind the events, slower on 8 March at 02:00. What it
-- has processed, by outcome. No batch during the two gaps.
INSERT INTO ops.ledger (query, lineage, silver_version, from_offsets, to_offsets, rows, newest_event_at, batch_at, committed_at)
SELECT query, 1, n, jsonb_build_object('0', n * 10), jsonb_build_object('0', n * 10 + 10), 10, at,
       at + delay * interval '500 ms', at + delay * interval '1 second'
FROM (
    SELECT query, n, last_minute + interval '20 s' - (2016 - n) * interval '5 minutes' AS at, query_delay + (n % 7) * 0.4
           + CASE WHEN last_minute - (2016 - n) * interval '5 minutes' BETWEEN '2026-03-08 02:00Z' AND '2026-03-08 02:59Z'
                  THEN 40 ELSE 0 END AS delay
    FROM edges, generate_series(1, 2016) AS n,
         (VALUES ('posts', 1.2), ('readings', 1.6), ('machine_events', 2.0)) AS q (query, query_delay)
) AS batches
WHERE NOT (query = 'posts' AND at BETWEEN '2026-03-07 03:10Z' AND '2026-03-07 05:29Z')
  AND NOT (query = 'readings' AND at BETWEEN '2026-03-08 01:00Z' AND '2026-03-08 01:29Z');
INSERT INTO ops.row_counts (query, minute, outcome, rows)
SELECT query, date_trunc('minute', batch_at), outcome, sum(share * (90 + silver_version % 17))::bigint
FROM ops.ledger
JOIN (VALUES ('posts', 'silver', 30), ('readings', 'silver', 45), ('posts', 'late', 1), ('readings', 'late', 1),
             ('posts', 'duplicate', 1), ('posts', 'quarantine:malformed', 1), ('posts', 'quarantine:too_long', 1),
             ('readings', 'quarantine:impossible_value', 1)) AS o (of_query, outcome, share) ON of_query = query
WHERE outcome IN ('silver', 'late') OR (outcome LIKE 'quarantine%' AND silver_version % 5 = 0)
   OR (outcome = 'duplicate' AND silver_version % 3 = 0)
GROUP BY 1, 2, 3;
INSERT INTO ops.row_counts VALUES ('machine_events', '2026-03-08 04:00Z', 'silver', 5);
INSERT INTO ops.schema_drift VALUES ('readings', 'humidity', 1, 0, 77, '2026-03-06 08:00Z');
DROP TABLE edges;
ANALYZE;
