"""Pure functions on DataFrames and Columns: no session, no settings object, no clock, no action, no input or output.

- `posts`, `readings`, `machine_events`: one topic each, its JSON schema, checks and columns of its silver table.
- `parsing`: the steps that all topics share, from Kafka's bytes to a staged row, then to silver or quarantine.
- `quality_rules`: limits and actions of conf/quality.yaml, and the checks that a topic chooses from.
- `deduplication`: the deduplication key, and the stateful operator that keeps the first row of each key.
- `pseudonyms`: pseudonyms and folded hashtags, the only Python code that handles rows; a worker reads its key file.
- `one_pass`: the single aggregation of a batch: outcome counts, unknown fields and increments of fact tables.
- `increments`: what the rows of each topic contribute to that aggregation, so to PostgreSQL.
- `gold_aggregates`: silver rows -> increments of the gold tables.

To add a gold table:

1. Give it a schema with grain and key in `warehouse/lake/schemas/gold.py` and an entry in `warehouse/lake/tables.py`.
2. Write its aggregate function in `gold_aggregates`: silver rows -> the columns of that schema. Columns outside the key
   must add up, or be `lowest` or `highest`.
3. Add table and function to `GOLD` in `streaming/queries/gold.py`.
4. If PostgreSQL gets a fact table of the same grain, add its increments in `increments`: another `contribution` in the
   topic's array and its time column `at`. A migration creates the table, an upsert in `warehouse/upserts` adds the
   increments, and the topic's `load_` function in `streaming/queries/topic_pipelines.py` selects them.
5. Test in `tests/integration/test_transforms.py` that both give the same sums.
"""
