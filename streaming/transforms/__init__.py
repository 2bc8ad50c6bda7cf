"""Pure functions on DataFrames and Columns: no session, no settings object, no clock but the batch's time, no action.

- `staging`: from Kafka's bytes to a staged row by `streaming.records`, then to silver, deletions or quarantine.
- `deduplication`: the stateful operator that keeps the first row of each key, and the key of stored rows.
- `one_pass`: the single aggregation of a batch: outcome counts, unknown fields and increments of fact tables.
- `increments`: what the rows of each topic contribute to that aggregation, so to PostgreSQL.
- `gold_aggregates`: silver rows -> increments of the gold tables.
- `one_pass_arrow`, `gold_arrow` (with `arrow_groups`): the same two for rows that the driver holds, without Spark.

README.md says how to add a gold table with its facts.
"""
