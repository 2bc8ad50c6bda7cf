-- State of the pipeline, for roles that may read only this schema.
CREATE VIEW serving.pipeline_freshness AS
WITH RECURSIVE known AS (  -- one index lookup per query, whatever the size of the ledger
    (SELECT query FROM ops.ledger ORDER BY query LIMIT 1)
    UNION ALL
    SELECT (SELECT l.query FROM ops.ledger AS l WHERE l.query > known.query ORDER BY l.query LIMIT 1)
    FROM known WHERE known.query IS NOT NULL
)
SELECT k.query, (SELECT max(l.newest_event_at) FROM ops.ledger AS l WHERE l.query = k.query) AS newest_event_at,
       n.batch_at, n.committed_at, n.rows, n.lineage, n.silver_version
FROM known AS k
CROSS JOIN LATERAL (
    SELECT * FROM ops.ledger AS l WHERE l.query = k.query ORDER BY l.silver_version DESC LIMIT 1) AS n;
COMMENT ON VIEW serving.pipeline_freshness IS 'How far each query has come; the age of the data is now() - newest_event_at.';
COMMENT ON COLUMN serving.pipeline_freshness.query IS 'Name of the streaming query.';
COMMENT ON COLUMN serving.pipeline_freshness.newest_event_at IS 'Newest event time that has arrived, UTC; null before the first.';
COMMENT ON COLUMN serving.pipeline_freshness.batch_at IS 'Time of the newest batch, UTC.';
COMMENT ON COLUMN serving.pipeline_freshness.committed_at IS 'When the newest batch was committed here, UTC.';
COMMENT ON COLUMN serving.pipeline_freshness.rows IS 'Rows of the newest batch.';
COMMENT ON COLUMN serving.pipeline_freshness.lineage IS 'Number of the checkpoint folder; a new one starts where the old one could not be continued.';
COMMENT ON COLUMN serving.pipeline_freshness.silver_version IS 'Silver up to this version is here.';

CREATE VIEW serving.pipeline_counts AS
SELECT query, minute, outcome, rows FROM ops.row_counts;
COMMENT ON VIEW serving.pipeline_counts IS 'What became of the records, per query and minute of processing.';
COMMENT ON COLUMN serving.pipeline_counts.query IS 'Name of the streaming query.';
COMMENT ON COLUMN serving.pipeline_counts.minute IS 'Start of the minute of the batch''s time, UTC.';
COMMENT ON COLUMN serving.pipeline_counts.outcome IS 'silver, late and warned:<rule> (parts of silver), duplicate, deletion, quarantine:<rule>, or replayed (counted as quarantine:<rule> before).';
COMMENT ON COLUMN serving.pipeline_counts.rows IS 'Number of records.';

CREATE VIEW serving.pipeline_positions AS
SELECT f.query, f.silver_version, p.key::int AS partition, p.value::bigint AS next_offset
FROM serving.pipeline_freshness AS f
JOIN ops.ledger AS l ON l.query = f.query AND l.silver_version = f.silver_version
CROSS JOIN LATERAL jsonb_each_text(l.to_offsets) AS p;
COMMENT ON VIEW serving.pipeline_positions IS 'Up to which offset of each partition the warehouse has the data.';
COMMENT ON COLUMN serving.pipeline_positions.query IS 'Name of the streaming query.';
COMMENT ON COLUMN serving.pipeline_positions.silver_version IS 'Silver up to this version is here.';
COMMENT ON COLUMN serving.pipeline_positions.partition IS 'Partition of the topic.';
COMMENT ON COLUMN serving.pipeline_positions.next_offset IS 'Offset after the last one that is here.';

CREATE VIEW serving.pipeline_leases AS
SELECT query, fence, host, pid, acquired_at FROM ops.lease;
COMMENT ON VIEW serving.pipeline_leases IS 'Which process writes for each query.';
COMMENT ON COLUMN serving.pipeline_leases.query IS 'Name of the streaming query.';
COMMENT ON COLUMN serving.pipeline_leases.fence IS 'Number that grows with every new holder.';
COMMENT ON COLUMN serving.pipeline_leases.host IS 'Host name of the holder.';
COMMENT ON COLUMN serving.pipeline_leases.pid IS 'Process id of the holder.';
COMMENT ON COLUMN serving.pipeline_leases.acquired_at IS 'When it was taken, UTC.';

CREATE VIEW serving.pipeline_drift AS
SELECT topic, field, generation, partition, "offset", first_seen_at FROM ops.schema_drift;
COMMENT ON VIEW serving.pipeline_drift IS 'Fields that senders have added: kept in bronze, read by nobody yet; the first 100 of a topic.';
COMMENT ON COLUMN serving.pipeline_drift.topic IS 'Kafka topic.';
COMMENT ON COLUMN serving.pipeline_drift.field IS 'Start of the field''s name; unusual characters are shown as ?.';
COMMENT ON COLUMN serving.pipeline_drift.generation IS 'Generation of the topic in which it came first.';
COMMENT ON COLUMN serving.pipeline_drift.partition IS 'Partition of its first record in the batch that had it first.';
COMMENT ON COLUMN serving.pipeline_drift."offset" IS 'Offset of that record.';
COMMENT ON COLUMN serving.pipeline_drift.first_seen_at IS 'Time of that batch, UTC.';

CREATE VIEW serving.pipeline_batches AS
SELECT query, silver_version, rows, newest_event_at, batch_at, committed_at,
       extract(epoch FROM committed_at - newest_event_at) AS age_seconds
FROM ops.ledger
WHERE from_offsets <> '{}';
COMMENT ON VIEW serving.pipeline_batches IS 'Batches of the last week as they arrived here, older ones are summed up and left out. The age of the data is per batch, so that it does not depend on when it is read.';
COMMENT ON COLUMN serving.pipeline_batches.query IS 'Name of the streaming query.';
COMMENT ON COLUMN serving.pipeline_batches.silver_version IS 'Silver up to this version was here with this batch.';
COMMENT ON COLUMN serving.pipeline_batches.rows IS 'Rows of the batch.';
COMMENT ON COLUMN serving.pipeline_batches.newest_event_at IS 'Newest event time in the batch, UTC; null if it had no rows.';
COMMENT ON COLUMN serving.pipeline_batches.batch_at IS 'Time of the batch, UTC.';
COMMENT ON COLUMN serving.pipeline_batches.committed_at IS 'When the batch was committed here, UTC.';
COMMENT ON COLUMN serving.pipeline_batches.age_seconds IS 'Age of its newest event when it was committed, seconds.';
