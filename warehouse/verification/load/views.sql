-- What the checks read. The main ones:
-- `parsed`: bronze's records with the verdict of the second parse; `silver`: silver's rows and deletions of all topics;
-- `processed`: the parsed records below silver's end offsets; `placements`: the tables in which each record is;
-- `recounted_*`: the records that silver has, with the values of the journal, else of the second parse of bronze.
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

-- Quarantine below silver's end offsets. A record counts as replayed if the replay that marked it is part of the
-- silver version read.
CREATE TABLE quarantined AS
SELECT q.*, q.replayed_us IS NOT NULL AND coalesce(m.silver_version <= v.read, true) AS is_replayed, m.rules AS replay_rules
FROM quarantine AS q
JOIN ends AS e USING (topic, generation, "partition")
LEFT JOIN versions AS v ON v.query = q.topic
LEFT JOIN replay_marks AS m USING (topic, replayed_us)
WHERE q."offset" < e.silver_stop;

-- Records that a replay has written to silver but not yet marked in quarantine: it is running, or was interrupted in
-- between.
CREATE TABLE unmarked_replays AS
SELECT s.topic, s.generation, s."partition", s."offset"
FROM silver AS s
SEMI JOIN (SELECT * FROM quarantined WHERE NOT is_replayed) USING (topic, generation, "partition", "offset")
WHERE s.topic IN (
    SELECT r.topic FROM replays AS r JOIN versions AS v ON v.query = r.topic
    ANTI JOIN replay_marks AS m ON m.topic = r.topic AND m.silver_version >= r.version AND m.silver_version <= v.read
);

-- Parsed records below silver's end offsets, without those accepted as lost, each with the batch of silver that processed it.
-- `is_current`: the batch (or replay) applied the newest rules, or its commit is no longer in the log.
CREATE TABLE processed AS
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
LEFT JOIN (SELECT * FROM quarantined WHERE is_replayed) AS q
    ON q.topic = p.topic AND q.generation = p.generation AND q."partition" = p."partition" AND q."offset" = p."offset";

-- One row per record that is in silver, deletions or quarantine. A replayed record is no longer in quarantine.
CREATE TABLE placements AS
SELECT topic, generation, "partition", "offset", list(place) AS places, list(rule) AS rules
FROM (
    SELECT topic, generation, "partition", "offset", place, NULL AS rule FROM silver
    UNION ALL
    SELECT topic, generation, "partition", "offset", 'quarantine', rule
    FROM (SELECT * FROM quarantined WHERE NOT is_replayed) ANTI JOIN unmarked_replays USING (topic, generation, "partition", "offset")
)
GROUP BY topic, generation, "partition", "offset";

-- The outcome of each record in the batch that first processed it. A later replay does not change it; it is counted as
-- `replayed`.
CREATE TABLE first_outcomes AS
SELECT topic, generation, "partition", "offset", CASE place WHEN 'deletions' THEN 'deletion' ELSE place END AS outcome
FROM silver ANTI JOIN quarantined USING (topic, generation, "partition", "offset")
UNION ALL
SELECT topic, generation, "partition", "offset", 'quarantine:' || rule FROM quarantined;

-- Event times of silver's rows, for the counts of late records and of warnings.
CREATE VIEW event_times AS
SELECT 'posts' AS topic, generation, "partition", "offset", kafka_us, created_us AS event_us FROM silver_posts
UNION ALL SELECT 'readings', generation, "partition", "offset", kafka_us, measured_us FROM silver_readings
UNION ALL SELECT 'machine_events', generation, "partition", "offset", kafka_us, occurred_us FROM silver_machine_events;

-- When each generation of a topic began: at its oldest record that was read; the first of them at time 0.
CREATE TABLE generation_starts AS
SELECT topic, generation, CASE WHEN generation > min(generation) OVER (PARTITION BY topic) THEN min(kafka_us) ELSE 0 END AS started_us
FROM (SELECT topic, generation, kafka_us FROM bronze UNION ALL SELECT topic, generation, kafka_us FROM event_times)
GROUP BY topic, generation;

-- The journal does not contain generations: an acknowledgement belongs to the generation whose record has its bytes
-- and its time, else to the newest whose record has its bytes. `expected_generation` follows from its time alone, so
-- that it is known where bronze has no such record.
CREATE TABLE acknowledged AS
SELECT a.file, a.n, i.topic, a."partition", a."offset", i.sha256, i.verdict, a.kafka_us, g.generation AS expected_generation,
    coalesce(max(b.generation) FILTER (WHERE b.kafka_us = a.kafka_us), max(b.generation)) AS generation
FROM acks AS a
LEFT JOIN intents AS i ON i.file = a.file AND i.n = a.n
ASOF LEFT JOIN generation_starts AS g ON g.topic = i.topic AND greatest(coalesce(a.kafka_us, 0), 0) >= g.started_us
LEFT JOIN bronze AS b
    ON b.topic = i.topic AND b."partition" = a."partition" AND b."offset" = a."offset" AND b.sent_sha256 = i.sha256
GROUP BY ALL;

-- Journal entries with the coordinates of the record in bronze.
CREATE VIEW journalled AS
SELECT a.generation, a."partition", a."offset", i.*
FROM acknowledged AS a JOIN intents AS i ON i.file = a.file AND i.n = a.n
WHERE a.generation IS NOT NULL;

-- Records that were sent without an acknowledgement in the journal: the broker may have stored them or not.
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

-- Records that the next layer has not read yet. `is_gone`: they belong to an older generation, whose topic was
-- deleted, and can no longer be read.
CREATE VIEW unread AS
SELECT name, topic, rows, coalesce(generation < max(generation) OVER (PARTITION BY topic), false) AS is_gone
FROM (
    SELECT 'acknowledged_not_in_bronze' AS name, a.topic, a.expected_generation AS generation, count(*) AS rows
    FROM acknowledged AS a
    LEFT JOIN ends AS e ON e.topic = a.topic AND e."partition" = a."partition" AND e.generation = a.expected_generation
    WHERE a.generation IS NULL AND a."offset" >= coalesce(e.bronze_stop, 0)
    GROUP BY ALL
    UNION ALL
    SELECT 'in_bronze_not_in_silver', topic, generation, sum(greatest(bronze_stop - silver_stop, 0)) FROM ends GROUP BY ALL
    UNION ALL
    SELECT 'in_silver_not_in_bronze', topic, generation, sum(greatest(silver_stop - bronze_stop, 0)) FROM ends GROUP BY ALL
);

-- Records and batches beyond the snapshot: not compared; a difference only where the stream was drained.
CREATE VIEW waiting AS
SELECT replace(name, '_', ' ') AS stage, topic, rows AS waiting FROM unread WHERE NOT is_gone
UNION ALL
SELECT 'silver, not yet marked in quarantine', topic, count(*) FROM unmarked_replays GROUP BY topic
UNION ALL
SELECT stage, query, batches FROM pending_batches;

-- One row per reading and sensor.
CREATE VIEW silver_measures AS
UNPIVOT (
    SELECT measured_us - measured_us % 60000000 AS minute_us, machine_id,
        temperature_c, vibration_mm_s, rotation_rpm, pressure_bar, power_kw, parts_count
    FROM main.silver_readings
) ON temperature_c, vibration_mm_s, rotation_rpm, pressure_bar, power_kw, parts_count INTO NAME sensor VALUE "value";
