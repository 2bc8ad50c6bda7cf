"""What an operator starts beside the stream: each works on tables under their locks; no running batch is affected.

`backfill` computes rows again, `quarantine_replay` re-drives rejected records, `quarantine_purge` removes their bytes
(both select them by `quarantine_filter`), `repair` accepts a loss.
"""
