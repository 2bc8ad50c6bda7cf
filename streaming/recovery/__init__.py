"""Exactly-once after any crash. The terms that everything else uses are defined here.

- position: the offsets that a table has reached (`offsets`), recorded in the table's commits.
- lineage: one life of a checkpoint folder (`checkpoint`, `lineage`). A checkpoint that does not agree with its table is
  left behind, and the next lineage starts at the table's position.
- generation: one life of a topic (`topic_generations`). A topic that is deleted and created again reuses offsets.
- fence: a growing number per query (`streaming.sinks.fence`); only the driver with the highest one may write.
- ledger: `ops.ledger` in PostgreSQL (`streaming.sinks.postgres`): the silver version that PostgreSQL has. A row is
  written in the transaction that carries the increments of one commit, or of up to 200 in a catch-up.
"""
