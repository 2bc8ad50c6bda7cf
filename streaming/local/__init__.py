"""Everything that runs the product on this machine: embedded services, the demo, its measurements.

`services` (broker and database, embedded or external) -> `kafka_broker`, `postgres_server` (with `postgres_process`,
`postgres_user`); `processes` is the one toolkit for child processes and ports; `demo` runs everything (`child_jobs`,
`run_folder`, `demo_report`), `latency` and `lag_sampler` measure it.
"""
