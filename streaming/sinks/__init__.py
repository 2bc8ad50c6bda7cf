"""Where batches are written, each idempotent: a repeated batch changes nothing.

`delta`: silver and bronze, by offsets; `quarantine`: quarantine and deletions, by coordinates; `postgres`: the ledger
transaction; `fence`: which driver may write.
"""
