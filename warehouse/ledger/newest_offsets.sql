-- Offsets that each query has reached, from its newest row: partition -> offset.
SELECT DISTINCT ON (query) query, to_offsets FROM ops.ledger ORDER BY query, silver_version DESC
