-- Silver has reached this version; its increments are in the same transaction.
INSERT INTO ops.ledger
    (query, lineage, silver_version, from_offsets, to_offsets, rows, newest_event_at, batch_at)
VALUES
    (%(query)s, %(lineage)s, %(silver_version)s, %(from_offsets)s, %(to_offsets)s, %(rows)s,
     %(newest_event_at)s, %(batch_at)s)
