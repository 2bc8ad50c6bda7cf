"""Data at rest: the Delta lake, the PostgreSQL warehouse, and what reads them. Never imports `streaming` or `jobs`.

- `lake`: the Delta tables: their paths, schemas, reads and writes, locks, commit metadata, maintenance.
- `database`: connections to PostgreSQL, its migrations, the description of the machines, bulk loads, roll-up.
- `dashboards`: the Dash app with the live page.
- `reports`: the report of a window of time, one HTML file or JSON.
- `verification`: an independent recount of lake and database, which shares no code with the rest.
- `settings`, `errors`: the settings sections and the exceptions of the above.
- SQL files: `ddl/` (migrations, applied once, checksummed), `serving/` (views for people, with example questions in
  `serving/questions/`), `upserts/` (one batch into the star schema), `ledger/` (reads and writes of `ops.*`).
"""
