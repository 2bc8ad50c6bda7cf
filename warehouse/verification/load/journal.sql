-- In a line that cannot be parsed every column is NULL: a killed producer may leave one incomplete line at the end of
-- its file.
CREATE TEMP TABLE journal AS
SELECT * REPLACE (parse_filename(filename) AS filename)
FROM read_json(getvariable('files'), format = 'newline_delimited', ignore_errors = true, filename = true,
    maximum_object_size = 33554432, columns = {
        e: 'VARCHAR', n: 'BIGINT', topic: 'VARCHAR', id: 'VARCHAR', sha256: 'VARCHAR', verdict: 'VARCHAR',
        "partition": 'INTEGER', "offset": 'BIGINT', kafka_ms: 'BIGINT',
        facts: 'STRUCT("minute" VARCHAR, lang VARCHAR, tags VARCHAR[], "source" VARCHAR, machine_id VARCHAR,
                       occurred_at VARCHAR, kind VARCHAR,
                       "values" STRUCT(temperature_c VARCHAR, vibration_mm_s VARCHAR, rotation_rpm VARCHAR,
                                       pressure_bar VARCHAR, power_kw VARCHAR, parts_count VARCHAR))'});

INSERT INTO journal_lines
SELECT filename, count(*), count(*) FILTER (WHERE coalesce(e NOT IN ('intent', 'ack', 'failed') OR n IS NULL, true)) FROM journal GROUP BY filename;

INSERT INTO intents
SELECT filename, n, topic, id, sha256, verdict,
    epoch_us(CAST(facts."minute" AS TIMESTAMP)), facts.lang, facts.tags, facts."source", facts.machine_id,
    epoch_us(CAST(facts.occurred_at AS TIMESTAMP)), facts.kind,
    CAST(CAST(facts."values".temperature_c AS DECIMAL(18, 4)) * 10000 AS BIGINT),
    CAST(CAST(facts."values".vibration_mm_s AS DECIMAL(18, 4)) * 10000 AS BIGINT),
    CAST(CAST(facts."values".rotation_rpm AS DECIMAL(18, 4)) * 10000 AS BIGINT),
    CAST(CAST(facts."values".pressure_bar AS DECIMAL(18, 4)) * 10000 AS BIGINT),
    CAST(CAST(facts."values".power_kw AS DECIMAL(18, 4)) * 10000 AS BIGINT),
    CAST(CAST(facts."values".parts_count AS DECIMAL(18, 4)) * 10000 AS BIGINT)
FROM journal WHERE e = 'intent';

INSERT INTO acks
SELECT filename, n, "partition", "offset", kafka_ms * 1000 FROM journal WHERE e = 'ack';

DROP TABLE journal;
