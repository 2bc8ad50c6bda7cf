COPY (
    SELECT query, topic, generation, partition, from_offset, to_offset
    FROM ops.lost_records
) TO STDOUT WITH (FORMAT csv)
