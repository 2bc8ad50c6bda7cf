"""The streaming queries and how they are run.

`topic_pipelines` (what each topic has of its own) -> `topic_query` (one batch: quarantine, silver, PostgreSQL) with
`batch_size` (Spark or not), `outcomes`, `quality_gate`, `schema_drift`, `dedup_recovery` and `postgres_sync`; `bronze`
and `gold` beside it.
`startup` opens a query, `running` is what was started (a Spark stream, for gold a timer), `supervisor` runs a set of
them, `shutdown` stops them; `runtime` is what all share, `failures` distinguishes an absent service from a bug,
`external_commits` notices the commits of other jobs.
"""
