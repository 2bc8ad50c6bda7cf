COPY (
    SELECT query, outcome, sum(rows) FROM ops.row_counts GROUP BY query, outcome
) TO STDOUT WITH (FORMAT csv)
