"""One file per command, started by `./spark-submit.sh JOB`: parser and wiring, no logic.

Not commands: `__main__` (list and launcher), `cli` (options, log, exit codes), `settings`, `session`, `wiring`,
`spark_submit`, `source_zip`.
"""
