"""Pure functions on DataFrames and Columns: no session, no settings object, no clock but the batch's time, no action.

- `posts`, `readings`, `machine_events`: one topic each, its JSON schema, checks and columns of its silver table.
- `parsing`: the steps that all topics share, from Kafka's bytes to a staged row, then to silver or quarantine.
- `quality_rules`: limits and actions of conf/quality.yaml, and the checks that a topic chooses from.
- `deduplication`: the deduplication key, and the stateful operator that keeps the first row of each key.
- `pseudonyms`: pseudonyms and folded hashtags, the only Python code that handles rows; a worker reads its key file.
- `one_pass`: the single aggregation of a batch: outcome counts, unknown fields and increments of fact tables.
- `increments`: what the rows of each topic contribute to that aggregation, so to PostgreSQL.
- `gold_aggregates`: silver rows -> increments of the gold tables.
- `one_pass_arrow`, `gold_arrow` (with `arrow_groups`): the same two for rows that the driver holds, without Spark.

README.md says how to add a gold table with its facts.
"""
