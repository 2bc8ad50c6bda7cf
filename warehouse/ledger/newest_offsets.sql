-- How far each query has come: its newest range's end, partition -> offset.
SELECT DISTINCT ON (query) query, to_offsets FROM ops.ledger ORDER BY query, silver_version DESC
