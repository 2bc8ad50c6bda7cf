COPY (
    SELECT query, lineage, silver_version, from_offsets, to_offsets, rows
    FROM ops.ledger
) TO STDOUT WITH (FORMAT csv)
