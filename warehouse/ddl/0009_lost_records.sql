-- What an operator has accepted as lost: the recount leaves these offsets out and says how many they are.
CREATE TABLE ops.lost_records (
    query       text        NOT NULL CHECK (query <> ''),
    topic       text        NOT NULL CHECK (topic <> ''),
    generation  int         NOT NULL CHECK (generation > 0),
    partition   int         NOT NULL CHECK (partition >= 0),
    from_offset bigint      NOT NULL CHECK (from_offset >= 0),
    to_offset   bigint      NOT NULL,
    accepted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (query, topic, generation, partition, from_offset),
    CHECK (to_offset > from_offset)
);
COMMENT ON TABLE ops.lost_records IS 'Grain: one range of offsets of one partition that one query will never read, because the broker no longer had it. Written by `repair --skip-lost`.';
COMMENT ON COLUMN ops.lost_records.query IS 'Name of the streaming query that skipped the range.';
COMMENT ON COLUMN ops.lost_records.topic IS 'Kafka topic.';
COMMENT ON COLUMN ops.lost_records.generation IS 'Generation of the topic; a recreated topic has the next number.';
COMMENT ON COLUMN ops.lost_records.partition IS 'Kafka partition.';
COMMENT ON COLUMN ops.lost_records.from_offset IS 'First offset that is lost.';
COMMENT ON COLUMN ops.lost_records.to_offset IS 'Offset after the last one that is lost.';
COMMENT ON COLUMN ops.lost_records.accepted_at IS 'When an operator accepted the loss, UTC.';
GRANT SELECT, INSERT, UPDATE ON ops.lost_records TO afluente_writer;
