-- Batches that stopped their query because they were over a limit of conf/quality.yaml, and who let them through.
CREATE TABLE ops.refused_batches (
    query        text        NOT NULL CHECK (query <> ''),
    generation   int         NOT NULL CHECK (generation > 0),
    from_offsets jsonb       NOT NULL CHECK (jsonb_typeof(from_offsets) = 'object'),
    to_offsets   jsonb       NOT NULL CHECK (jsonb_typeof(to_offsets) = 'object'),
    records      bigint      NOT NULL CHECK (records > 0),
    reason       text        NOT NULL CHECK (reason <> ''),
    refused_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    allowed_at   timestamptz,
    PRIMARY KEY (query, generation, to_offsets)
);
COMMENT ON TABLE ops.refused_batches IS 'Grain: one batch of one query that was over a limit of the quality rules. `repair --allow-batch` lets it pass.';
COMMENT ON COLUMN ops.refused_batches.query IS 'Name of the streaming query that stopped.';
COMMENT ON COLUMN ops.refused_batches.generation IS 'Generation of the topic; a recreated topic has the next number.';
COMMENT ON COLUMN ops.refused_batches.from_offsets IS 'Partition -> first offset of the batch.';
COMMENT ON COLUMN ops.refused_batches.to_offsets IS 'Partition -> offset after the last one of the batch.';
COMMENT ON COLUMN ops.refused_batches.records IS 'Records of the batch, those that are sound included.';
COMMENT ON COLUMN ops.refused_batches.reason IS 'Which limit it was over, in words; no payload.';
COMMENT ON COLUMN ops.refused_batches.refused_at IS 'When it stopped the query last, UTC.';
COMMENT ON COLUMN ops.refused_batches.allowed_at IS 'When an operator let it pass, UTC; null: not yet.';
GRANT SELECT, INSERT, UPDATE ON ops.refused_batches TO afluente_writer;

-- Fields that senders have added: kept in bronze, read by nobody yet.
CREATE TABLE ops.schema_drift (
    topic         text COLLATE "C" NOT NULL CHECK (topic <> ''),
    field         text COLLATE "C" NOT NULL CHECK (char_length(field) <= 64),
    generation    int         NOT NULL CHECK (generation > 0),
    partition     int         NOT NULL CHECK (partition >= 0),
    "offset"      bigint      NOT NULL CHECK ("offset" >= 0),
    first_seen_at timestamptz NOT NULL,
    PRIMARY KEY (topic, field)
);
COMMENT ON TABLE ops.schema_drift IS 'Grain: one top-level field of a topic that its schema does not know; the first 100 of a topic.';
COMMENT ON COLUMN ops.schema_drift.topic IS 'Kafka topic.';
COMMENT ON COLUMN ops.schema_drift.field IS 'Start of the field''s name; characters outside A-Z a-z 0-9 _ . - are shown as ?.';
COMMENT ON COLUMN ops.schema_drift.generation IS 'Generation of the topic in which it came first.';
COMMENT ON COLUMN ops.schema_drift.partition IS 'Partition of its first record in the batch that had it first.';
COMMENT ON COLUMN ops.schema_drift."offset" IS 'Offset of that record.';
COMMENT ON COLUMN ops.schema_drift.first_seen_at IS 'Time of that batch, UTC.';
GRANT SELECT, INSERT ON ops.schema_drift TO afluente_writer;

COMMENT ON COLUMN ops.row_counts.outcome IS 'silver, late and warned:<rule> (parts of silver), duplicate, deletion or quarantine:<rule>.';
