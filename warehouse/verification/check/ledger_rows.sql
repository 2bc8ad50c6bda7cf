-- The sum of the ledger's row counts equals the number of rows that silver has at the ledger's version.
SELECT query, l.rows AS ledger, coalesce(s.rows, 0) AS silver,
    CASE WHEN l.rows <> coalesce(s.rows, 0) THEN 'rows' END AS difference
FROM (SELECT query, sum(rows) AS rows FROM pg_ledger GROUP BY query) AS l
LEFT JOIN (SELECT topic AS query, count(*) AS rows FROM silver WHERE place = 'silver' GROUP BY topic) AS s USING (query)
