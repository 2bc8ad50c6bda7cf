"""The recount shares no code with what it recounts: a mistake in shared code would not be found."""

import ast
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[3] / "warehouse" / "verification"
ALLOWED = {"duckdb", "deltalake", "pyarrow", "psycopg2", "regex", *sys.stdlib_module_names}


def test_recount_imports_only_itself_and_the_listed_libraries() -> None:
    found = {name for path in PACKAGE.rglob("*.py") for name in read_imports(path)}
    ours = {name for name in found if name.startswith("warehouse.verification")}
    assert ours
    assert {name.partition(".")[0] for name in found - ours} <= ALLOWED


def read_imports(path: Path) -> set[str]:
    """Full names of all modules that a file imports."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    assert not [node for node in nodes if isinstance(node, ast.ImportFrom) and node.level]
    return plain | {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
