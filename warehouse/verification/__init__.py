"""The independent recount: journal, bronze, silver, gold and PostgreSQL compared row by row, offset by offset.

How it works: `verify` reads PostgreSQL in one transaction, reads silver at the version that PostgreSQL has applied and
each gold table with the silver version it was made from, and loads everything into a temporary DuckDB database.
Bronze's bytes are parsed a second time. Then each statement in `check/` runs: a SELECT with one row per compared item
and a `difference`, which is NULL where both sides agree.

The package shares no code with the rest of the project, because a mistake in shared code would not be found.

Modules, in reading order:
    inputs            paths and quality rules of a recount
    recount           `verify`: the steps in their order
    snapshot          one version of each Delta table that fits the others, and the offsets reached there
    commits           versions and commit metadata, from the JSON files of the Delta log
    delta_reader      Delta table -> DuckDB
    postgres_reader   PostgreSQL -> DuckDB
    journal           the generator's journal -> DuckDB
    reparse           bronze's bytes -> DuckDB, with the three modules that follow
    decoding          bytes -> JSON object
    record_rules      JSON object -> verdict of the quality rules, and values
    values            times, measures, pseudonyms, hashtags, mentions
    checks            the comparisons, in their order
    report            their result
    tables, scratch_database, errors: used by all of these

SQL: `load/` fills the DuckDB tables, `check/` compares them, `postgres/` reads PostgreSQL.
"""

from warehouse.verification.errors import VerificationError
from warehouse.verification.inputs import Inputs, Limits
from warehouse.verification.postgres_reader import PostgresReader
from warehouse.verification.recount import verify
from warehouse.verification.report import Check, Report

__all__ = ["Check", "Inputs", "Limits", "PostgresReader", "Report", "VerificationError", "verify"]
