-- The pipeline's own books. PostgreSQL is "silver up to here": ops.ledger says where "here" is.
CREATE TABLE ops.ledger (
    query           text        NOT NULL CHECK (query <> ''),
    lineage         int         NOT NULL CHECK (lineage > 0),
    silver_version  bigint      NOT NULL CHECK (silver_version >= 0),
    from_offsets    jsonb       NOT NULL CHECK (jsonb_typeof(from_offsets) = 'object'),
    to_offsets      jsonb       NOT NULL CHECK (jsonb_typeof(to_offsets) = 'object'),
    rows            bigint      NOT NULL CHECK (rows >= 0),
    newest_event_at timestamptz,
    batch_at        timestamptz NOT NULL,
    committed_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (query, silver_version)
);
CREATE INDEX ledger_by_event ON ops.ledger (query, newest_event_at) WHERE newest_event_at IS NOT NULL;
COMMENT ON TABLE ops.ledger IS 'Grain: one silver version of one query that is applied here; written in the transaction of its increments.';
COMMENT ON COLUMN ops.ledger.query IS 'Name of the streaming query.';
COMMENT ON COLUMN ops.ledger.lineage IS 'Number of the checkpoint lineage that made the batch.';
COMMENT ON COLUMN ops.ledger.silver_version IS 'Version of the query''s silver table that this row brought in.';
COMMENT ON COLUMN ops.ledger.from_offsets IS 'Partition -> first offset of the range.';
COMMENT ON COLUMN ops.ledger.to_offsets IS 'Partition -> offset after the last one of the range.';
COMMENT ON COLUMN ops.ledger.rows IS 'Silver rows that were applied.';
COMMENT ON COLUMN ops.ledger.newest_event_at IS 'Newest event time among them, UTC; null if there were none.';
COMMENT ON COLUMN ops.ledger.batch_at IS 'The batch''s own time, UTC.';
COMMENT ON COLUMN ops.ledger.committed_at IS 'When the row was written, UTC.';

CREATE TABLE ops.lease (
    query       text        PRIMARY KEY,
    fence       bigint      NOT NULL CHECK (fence > 0),
    holder      uuid        NOT NULL,
    host        text        NOT NULL,
    pid         int         NOT NULL CHECK (pid > 0),
    acquired_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE ops.lease IS 'Grain: one query. Who may write for it; a driver with an older fence is refused.';
COMMENT ON COLUMN ops.lease.query IS 'Name of the streaming query.';
COMMENT ON COLUMN ops.lease.fence IS 'Number that grows with every new holder.';
COMMENT ON COLUMN ops.lease.holder IS 'Random id of the holder.';
COMMENT ON COLUMN ops.lease.host IS 'Host name of the holder.';
COMMENT ON COLUMN ops.lease.pid IS 'Process id of the holder.';
COMMENT ON COLUMN ops.lease.acquired_at IS 'When it was taken, UTC.';

CREATE TABLE ops.row_counts (
    query   text        NOT NULL CHECK (query <> ''),
    minute  timestamptz NOT NULL CHECK (extract(second FROM minute) = 0),
    outcome text COLLATE "C" NOT NULL CHECK (outcome <> ''),
    rows    bigint      NOT NULL CHECK (rows >= 0),
    PRIMARY KEY (query, minute, outcome)
);
COMMENT ON TABLE ops.row_counts IS 'Grain: query, minute of batch time, outcome. Additive.';
COMMENT ON COLUMN ops.row_counts.query IS 'Name of the streaming query.';
COMMENT ON COLUMN ops.row_counts.minute IS 'Start of the minute of the batch''s time, UTC.';
COMMENT ON COLUMN ops.row_counts.outcome IS 'silver, late (part of silver), duplicate, deletion or quarantine:<rule>.';
COMMENT ON COLUMN ops.row_counts.rows IS 'Number of records.';
