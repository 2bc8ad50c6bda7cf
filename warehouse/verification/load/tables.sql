-- The tables that the recount fills (PostgreSQL's come from postgres_reader.py). Times are microseconds since 1970
-- (UTC), measures are ten-thousandths.
CREATE TABLE bronze (topic VARCHAR, generation INTEGER, "partition" INTEGER, "offset" BIGINT, kafka_us BIGINT, sha256 VARCHAR,
    sent_sha256 VARCHAR);
CREATE TABLE parsed_posts (
    generation INTEGER, "partition" INTEGER, "offset" BIGINT, kafka_us BIGINT, verdict VARCHAR,
    post_id VARCHAR, source VARCHAR, created_us BIGINT, lang VARCHAR, text_md5 VARCHAR,
    hashtags VARCHAR[], counted_hashtags VARCHAR[], author_pseudonym VARCHAR, author_sha VARCHAR,
    mention_pseudonyms VARCHAR[], in_reply_to VARCHAR);
CREATE TABLE parsed_readings (
    generation INTEGER, "partition" INTEGER, "offset" BIGINT, kafka_us BIGINT, verdict VARCHAR,
    reading_id VARCHAR, machine_id VARCHAR, measured_us BIGINT,
    temperature_c BIGINT, vibration_mm_s BIGINT, rotation_rpm BIGINT, pressure_bar BIGINT, power_kw BIGINT, parts_count BIGINT);
CREATE TABLE parsed_machine_events (
    generation INTEGER, "partition" INTEGER, "offset" BIGINT, kafka_us BIGINT, verdict VARCHAR,
    event_id VARCHAR, machine_id VARCHAR, occurred_us BIGINT, kind VARCHAR, detail VARCHAR);

CREATE TABLE silver_posts (
    generation INTEGER, "partition" INTEGER, "offset" BIGINT, kafka_us BIGINT,
    post_id VARCHAR, source VARCHAR, author_pseudonym VARCHAR, created_us BIGINT, lang VARCHAR, text_md5 VARCHAR,
    hashtags VARCHAR[], counted_hashtags VARCHAR[], mention_pseudonyms VARCHAR[], in_reply_to VARCHAR,
    ingested_us BIGINT, ingest_date DATE);
CREATE TABLE silver_readings (
    generation INTEGER, "partition" INTEGER, "offset" BIGINT, kafka_us BIGINT,
    reading_id VARCHAR, machine_id VARCHAR, measured_us BIGINT,
    temperature_c BIGINT, vibration_mm_s BIGINT, rotation_rpm BIGINT, pressure_bar BIGINT, power_kw BIGINT, parts_count BIGINT,
    ingested_us BIGINT, ingest_date DATE);
CREATE TABLE silver_machine_events (
    generation INTEGER, "partition" INTEGER, "offset" BIGINT, kafka_us BIGINT,
    event_id VARCHAR, machine_id VARCHAR, occurred_us BIGINT, kind VARCHAR, detail VARCHAR,
    ingested_us BIGINT, ingest_date DATE);
CREATE TABLE deletions (
    generation INTEGER, "partition" INTEGER, "offset" BIGINT, kafka_us BIGINT,
    post_id VARCHAR, source VARCHAR, deleted_us BIGINT, ingested_us BIGINT, ingest_date DATE);
CREATE TABLE quarantine (
    topic VARCHAR, generation INTEGER, "partition" INTEGER, "offset" BIGINT, kafka_us BIGINT,
    rule VARCHAR, sha256 VARCHAR, replayed_us BIGINT, is_purged BOOLEAN);

CREATE TABLE gold_hashtag_minutes (minute_us BIGINT, hashtag VARCHAR, lang VARCHAR, posts BIGINT);
CREATE TABLE gold_author_days ("day" DATE, author_pseudonym VARCHAR, posts BIGINT, replies BIGINT, mentions BIGINT);
CREATE TABLE gold_mention_edges ("day" DATE, author_pseudonym VARCHAR, mention_pseudonym VARCHAR, mentions BIGINT);
CREATE TABLE gold_author_hours (hour_us BIGINT, author_pseudonym VARCHAR, posts BIGINT, hashtags BIGINT);
CREATE TABLE gold_author_hashtag_days ("day" DATE, author_pseudonym VARCHAR, hashtag VARCHAR, posts BIGINT);
CREATE TABLE gold_author_segments ("day" DATE, author_pseudonym VARCHAR, segment_id BIGINT, model_version BIGINT);
CREATE TABLE gold_machine_minutes (
    minute_us BIGINT, machine_id VARCHAR, sensor VARCHAR, readings BIGINT,
    total HUGEINT, total_squares HUGEINT, lowest BIGINT, highest BIGINT);

-- From the commit metadata. `stop` is the next offset to read.
-- `batches`: the offsets of each micro-batch of silver; `commits`: the offsets in every commit of silver;
-- `versions`: silver's newest version and the one that is compared.
CREATE TABLE ends (topic VARCHAR, generation INTEGER, "partition" INTEGER, silver_stop BIGINT, bronze_stop BIGINT);
CREATE TABLE batches (
    topic VARCHAR, generation INTEGER, "partition" INTEGER, start BIGINT, stop BIGINT, version BIGINT, batch_us BIGINT, rules VARCHAR);
CREATE TABLE commits (
    query VARCHAR, version BIGINT, generation INTEGER, "partition" INTEGER, start BIGINT, stop BIGINT, is_batch BOOLEAN);
CREATE TABLE versions (query VARCHAR, newest BIGINT, read BIGINT);
-- A replay commits the records to silver (`replays`) and then sets `replayed_at` in quarantine (`replay_marks`).
CREATE TABLE replays (topic VARCHAR, version BIGINT, rules VARCHAR);
CREATE TABLE replay_marks (topic VARCHAR, replayed_us BIGINT, silver_version BIGINT, rules VARCHAR);
-- Batches of silver that PostgreSQL or a gold table (`stage`) have not applied yet.
CREATE TABLE pending_batches (stage VARCHAR, query VARCHAR, batches BIGINT);
CREATE TABLE horizons (topic VARCHAR, horizon_us BIGINT);

-- The generator's journal: what each record was meant to be, and where the broker stored it.
CREATE TABLE intents (
    file VARCHAR, n BIGINT, topic VARCHAR, id VARCHAR, sha256 VARCHAR, verdict VARCHAR,
    minute_us BIGINT, lang VARCHAR, tags VARCHAR[], source VARCHAR, machine_id VARCHAR, occurred_us BIGINT, kind VARCHAR,
    temperature_c BIGINT, vibration_mm_s BIGINT, rotation_rpm BIGINT, pressure_bar BIGINT, power_kw BIGINT, parts_count BIGINT);
CREATE TABLE acks (file VARCHAR, n BIGINT, "partition" INTEGER, "offset" BIGINT, kafka_us BIGINT);
CREATE TABLE journal_lines (file VARCHAR, lines BIGINT, unreadable BIGINT);
