-- What the checks read. `due`: bronze below silver's end; `landed`: where its records are; `recounted_*`: what silver's rows say
-- by the journal or by a second reading of bronze.
CREATE VIEW parsed AS
SELECT 'posts' AS topic, generation, "partition", "offset", kafka_us, verdict,
    concat_ws('|', verdict, length(source), source, post_id) AS identity FROM parsed_posts
UNION ALL
SELECT 'readings', generation, "partition", "offset", kafka_us, verdict, reading_id FROM parsed_readings
UNION ALL
SELECT 'machine_events', generation, "partition", "offset", kafka_us, verdict, event_id FROM parsed_machine_events;

CREATE VIEW silver AS
SELECT 'posts' AS topic, generation, "partition", "offset", ingested_us, 'silver' AS place,
    concat_ws('|', 'valid', length(source), source, post_id) AS identity FROM silver_posts
UNION ALL
SELECT 'readings', generation, "partition", "offset", ingested_us, 'silver', reading_id FROM silver_readings
UNION ALL
SELECT 'machine_events', generation, "partition", "offset", ingested_us, 'silver', event_id FROM silver_machine_events
UNION ALL
SELECT 'posts', generation, "partition", "offset", ingested_us, 'deletions',
    concat_ws('|', 'deletion', length(source), source, post_id)
FROM deletions JOIN (SELECT * FROM ends WHERE topic = 'posts') AS e USING (generation, "partition")
WHERE "offset" < e.silver_stop;

-- Quarantine below silver's end. A record is replayed once its mark belongs to the silver that is read.
CREATE TABLE shelved AS
SELECT q.*, q.replayed_us IS NOT NULL AND coalesce(m.silver_version <= v.read, true) AS is_replayed, m.rules AS replay_rules
FROM quarantine AS q
JOIN ends AS e USING (topic, generation, "partition")
LEFT JOIN versions AS v ON v.query = q.topic
LEFT JOIN marks AS m USING (topic, replayed_us)
WHERE q."offset" < e.silver_stop;

-- In silver by a replay that was interrupted before its mark, or is just under way.
CREATE TABLE unmarked AS
SELECT s.topic, s.generation, s."partition", s."offset"
FROM silver AS s
SEMI JOIN (SELECT * FROM shelved WHERE NOT is_replayed) USING (topic, generation, "partition", "offset")
WHERE s.topic IN (
    SELECT r.topic FROM replays AS r JOIN versions AS v ON v.query = r.topic
    ANTI JOIN marks AS m ON m.topic = r.topic AND m.silver_version >= r.version AND m.silver_version <= v.read
);

-- `is_current`: judged under the newest rules, as far as the log still tells.
CREATE TABLE due AS
SELECT p.*, b.batch_us, b.version, coalesce(q.is_replayed, false) AS is_replayed,
    coalesce(coalesce(q.replay_rules, b.rules) = r.rules, true) AS is_current
FROM (
    SELECT p.* FROM parsed AS p JOIN ends AS e USING (topic, generation, "partition")
    ANTI JOIN (SELECT * FROM pg_lost_records WHERE query = topic) AS x
        ON x.topic = p.topic AND x.generation = p.generation AND x."partition" = p."partition"
        AND p."offset" >= x.start AND p."offset" < x.stop
    WHERE p."offset" < e.silver_stop
) AS p
ASOF LEFT JOIN batches AS b
    ON p.topic = b.topic AND p.generation = b.generation AND p."partition" = b."partition" AND p."offset" >= b.start
LEFT JOIN (
    SELECT topic, arg_max(rules, version) AS rules
    FROM (SELECT topic, version, rules FROM batches UNION ALL FROM replays)
    GROUP BY topic
) AS r ON r.topic = p.topic
LEFT JOIN (SELECT * FROM shelved WHERE is_replayed) AS q
    ON q.topic = p.topic AND q.generation = p.generation AND q."partition" = p."partition" AND q."offset" = p."offset";

CREATE TABLE landed AS
SELECT topic, generation, "partition", "offset", list(place) AS places, list(rule) AS rules
FROM (
    SELECT topic, generation, "partition", "offset", place, NULL AS rule FROM silver
    UNION ALL
    SELECT topic, generation, "partition", "offset", 'quarantine', rule
    FROM (SELECT * FROM shelved WHERE NOT is_replayed) ANTI JOIN unmarked USING (topic, generation, "partition", "offset")
)
GROUP BY topic, generation, "partition", "offset";

-- What became of a record when it came: a replay adds to that and changes nothing.
CREATE TABLE counted AS
SELECT topic, generation, "partition", "offset", CASE place WHEN 'deletions' THEN 'deletion' ELSE place END AS outcome
FROM silver ANTI JOIN shelved USING (topic, generation, "partition", "offset")
UNION ALL
SELECT topic, generation, "partition", "offset", 'quarantine:' || rule FROM shelved;

CREATE VIEW event_times AS
SELECT 'posts' AS topic, generation, "partition", "offset", kafka_us, created_us AS event_us FROM silver_posts
UNION ALL SELECT 'readings', generation, "partition", "offset", kafka_us, measured_us FROM silver_readings
UNION ALL SELECT 'machine_events', generation, "partition", "offset", kafka_us, occurred_us FROM silver_machine_events;

-- When each generation of a topic began, by the oldest of its records that were read: before the second, all was the first.
CREATE TABLE eras AS
SELECT topic, generation AS era, CASE WHEN generation > min(generation) OVER (PARTITION BY topic) THEN min(kafka_us) ELSE 0 END AS born_us
FROM (SELECT topic, generation, kafka_us FROM bronze UNION ALL SELECT topic, generation, kafka_us FROM event_times)
GROUP BY topic, generation;

-- The journal knows no generations: an acknowledgement belongs to the one whose record has its bytes and its time, else
-- to the newest whose record has its bytes. `era` is the generation of its time, also where bronze has no such record.
CREATE TABLE acknowledged AS
SELECT a.file, a.n, i.topic, a."partition", a."offset", i.sha256, i.verdict, a.kafka_us, e.era,
    coalesce(max(b.generation) FILTER (WHERE b.kafka_us = a.kafka_us), max(b.generation)) AS generation
FROM acks AS a
LEFT JOIN intents AS i ON i.file = a.file AND i.n = a.n
ASOF LEFT JOIN eras AS e ON e.topic = i.topic AND greatest(coalesce(a.kafka_us, 0), 0) >= e.born_us
LEFT JOIN bronze AS b
    ON b.topic = i.topic AND b."partition" = a."partition" AND b."offset" = a."offset" AND b.sent_sha256 = i.sha256
GROUP BY ALL;

CREATE VIEW journalled AS
SELECT a.generation, a."partition", a."offset", i.*
FROM acknowledged AS a JOIN intents AS i ON i.file = a.file AND i.n = a.n
WHERE a.generation IS NOT NULL;

CREATE TABLE unacknowledged AS
SELECT topic, sha256, id FROM intents ANTI JOIN acks ON acks.file = intents.file AND acks.n = intents.n;

CREATE TABLE recounted_posts AS
SELECT s.generation, s."partition", s."offset",
    CASE WHEN j.n IS NOT NULL THEN j.minute_us ELSE created_us - created_us % 60000000 END AS minute_us,
    CASE WHEN j.n IS NOT NULL THEN j.lang ELSE s.lang END AS lang,
    CASE WHEN j.n IS NOT NULL THEN coalesce(j.tags, []) ELSE s.counted_hashtags END AS tags
FROM (
    SELECT s.generation, s."partition", s."offset",
        CASE WHEN p.verdict = 'valid' THEN p.created_us ELSE s.created_us END AS created_us,
        CASE WHEN p.verdict = 'valid' THEN p.lang ELSE s.lang END AS lang,
        CASE WHEN p.verdict = 'valid' THEN p.counted_hashtags ELSE s.counted_hashtags END AS counted_hashtags
    FROM silver_posts AS s LEFT JOIN parsed_posts AS p USING (generation, "partition", "offset")
) AS s
LEFT JOIN (SELECT * FROM journalled WHERE topic = 'posts' AND minute_us IS NOT NULL) AS j
    USING (generation, "partition", "offset");

CREATE TABLE recounted_readings AS
SELECT minute_us, machine_id, measure.sensor, measure."value"
FROM (
    SELECT
        CASE WHEN j.n IS NOT NULL THEN j.minute_us ELSE p.measured_us - p.measured_us % 60000000 END AS minute_us,
        CASE WHEN j.n IS NOT NULL THEN j.machine_id ELSE p.machine_id END AS machine_id,
        unnest(CASE WHEN j.n IS NOT NULL
            THEN [{sensor: 'temperature_c', "value": j.temperature_c}, {sensor: 'vibration_mm_s', "value": j.vibration_mm_s},
                  {sensor: 'rotation_rpm', "value": j.rotation_rpm}, {sensor: 'pressure_bar', "value": j.pressure_bar},
                  {sensor: 'power_kw', "value": j.power_kw}, {sensor: 'parts_count', "value": j.parts_count}]
            ELSE [{sensor: 'temperature_c', "value": p.temperature_c}, {sensor: 'vibration_mm_s', "value": p.vibration_mm_s},
                  {sensor: 'rotation_rpm', "value": p.rotation_rpm}, {sensor: 'pressure_bar', "value": p.pressure_bar},
                  {sensor: 'power_kw', "value": p.power_kw}, {sensor: 'parts_count', "value": p.parts_count}]
            END) AS measure
    FROM (
        SELECT s.generation, s."partition", s."offset", measured_us, machine_id, temperature_c, vibration_mm_s,
            rotation_rpm, pressure_bar, power_kw, parts_count
        FROM parsed_readings AS s SEMI JOIN silver_readings USING (generation, "partition", "offset")
        WHERE verdict = 'valid'
        UNION ALL
        SELECT s.generation, s."partition", s."offset", measured_us, machine_id, temperature_c, vibration_mm_s,
            rotation_rpm, pressure_bar, power_kw, parts_count
        FROM silver_readings AS s
        ANTI JOIN (SELECT * FROM parsed_readings WHERE verdict = 'valid') USING (generation, "partition", "offset")
    ) AS p
    LEFT JOIN (SELECT * FROM journalled WHERE topic = 'readings' AND minute_us IS NOT NULL) AS j
        USING (generation, "partition", "offset")
);

-- Records that are not everywhere. What was not read of a generation before the newest went with its topic.
CREATE VIEW unread AS
SELECT name, topic, rows, coalesce(era < max(era) OVER (PARTITION BY topic), false) AS is_gone
FROM (
    SELECT 'acknowledged_not_in_bronze' AS name, a.topic, a.era, count(*) AS rows
    FROM acknowledged AS a
    LEFT JOIN ends AS e ON e.topic = a.topic AND e."partition" = a."partition" AND e.generation = a.era
    WHERE a.generation IS NULL AND a."offset" >= coalesce(e.bronze_stop, 0)
    GROUP BY ALL
    UNION ALL
    SELECT 'in_bronze_not_in_silver', topic, generation, sum(greatest(bronze_stop - silver_stop, 0)) FROM ends GROUP BY ALL
    UNION ALL
    SELECT 'in_silver_not_in_bronze', topic, generation, sum(greatest(silver_stop - bronze_stop, 0)) FROM ends GROUP BY ALL
);

-- Records that are under way: beyond the cut, so neither proven nor different.
CREATE VIEW waiting AS
SELECT replace(name, '_', ' ') AS place, topic, rows AS waiting FROM unread WHERE NOT is_gone
UNION ALL
SELECT 'silver, not yet marked in quarantine', topic, count(*) FROM unmarked GROUP BY topic
UNION ALL
SELECT place, query, batches FROM behind;

-- One row per reading and sensor.
CREATE VIEW silver_measures AS
UNPIVOT (
    SELECT measured_us - measured_us % 60000000 AS minute_us, machine_id,
        temperature_c, vibration_mm_s, rotation_rpm, pressure_bar, power_kw, parts_count
    FROM main.silver_readings
) ON temperature_c, vibration_mm_s, rotation_rpm, pressure_bar, power_kw, parts_count INTO NAME sensor VALUE "value";
