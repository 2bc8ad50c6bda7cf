"""The generator's journal into DuckDB: the records it meant to send, and the offsets that the broker acknowledged."""

from pathlib import Path

import duckdb

from warehouse.verification.scratch_database import read_sql


def load_journal(database: duckdb.DuckDBPyConnection, folder: Path | None) -> bool:
    """Fills `intents`, `acks` and `journal_lines`; False where there is no journal."""
    files = sorted(str(path) for path in folder.glob("*.jsonl") if path.stat().st_size) if folder else []
    if files:
        database.execute("SET VARIABLE files = $files", {"files": files})
        database.execute(read_sql("load/journal"))
    return bool(files)
