"""PostgreSQL: how to connect, how its schema comes about, and how rows are loaded. Needs no Spark.

- `connections`: URLs of the roles, connecting, which errors mean that the database is absent, a pool for readers.
- `migrations`: roles, numbered DDL files and serving views: applies what is missing.
- `machine_reference`: machines, sensors and shifts of conf/machines.yaml, upserted into the dimensions.
- `copy`: loads an Arrow table into a temp table with COPY.
- `rollup`: rolls up rows of `ops.ledger` and `ops.row_counts` that are older than seven days.
- `secret_files`: generated passwords and keys in files of mode 0600.
"""
