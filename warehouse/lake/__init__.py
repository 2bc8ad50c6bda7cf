"""The Delta lake: `tables` (registry), `schemas` and `table_creation`, reading and writing
(`delta_io` by Spark, `arrow_io` by delta-rs for small writes, `delta_log` the files of the log).

`commit_metadata` is what each commit carries; `commit_replay` derives PostgreSQL and gold from silver's commits;
`locks` admits one writer per table; `maintenance` compacts and vacuums; `quarantine_reader` shows quarantined records.
"""
