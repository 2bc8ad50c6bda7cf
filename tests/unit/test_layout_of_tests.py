"""Rules for the tests themselves, explained in tests/README.md: who imports whom, file names, what a run loads."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
SUPPORT = TESTS / "support"
FILES = {file: ast.parse(file.read_text(encoding="utf-8")) for file in sorted(TESTS.rglob("*.py"))}
FAULT_FILE = re.compile(r"test_f(\d\d)_\w+\.py")
LIGHT = ("checkpoint", "fault_report", "fence", "lineage", "offsets", "settings")
"""Unit tests of modules that use neither Spark, Kafka, Delta, DuckDB nor Dash."""
HEAVY = {"dash", "deltalake", "duckdb", "kafka", "pyspark"}
LIST_MODULES = """
import sys
import pytest
code = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", *sys.argv[1:]])
print("modules:", *{name.partition(".")[0] for name in sys.modules})
sys.exit(code)
"""


def read_imports(tree: ast.Module) -> Iterator[str]:
    """Names of imported modules, also of imports inside functions; `from x import y` counts as both x and x.y."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def read_faults(tree: ast.Module) -> Iterator[str]:
    """The first argument of each `pytest.mark.fault(...)` and `ci_runs(...)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("pytest.mark.fault", "ci_runs"):
            yield ast.literal_eval(node.args[0])


def is_of_benchmark(file: Path) -> bool:
    """The benchmark is a program, not a test: its modules import each other, and its unit test imports them."""
    return file.is_relative_to(TESTS / "benchmark") or file.name.startswith("test_benchmark")


def test_tests_and_support_import_only_support() -> None:
    wrong = [
        f"{file.relative_to(TESTS)} imports {name}"
        for file, tree in FILES.items()
        for name in read_imports(tree)
        if name.startswith("tests.")
        and not name.startswith("tests.support.")
        and not (name.startswith("tests.benchmark.") and is_of_benchmark(file))
    ]
    assert wrong == []


def test_the_benchmark_holds_no_tests() -> None:
    wrong = [str(file.relative_to(TESTS)) for file in FILES if "test_" in file.name and "benchmark" in file.parts]
    assert wrong == []


def test_support_holds_no_tests() -> None:
    wrong = [str(file.relative_to(TESTS)) for file in FILES if file.is_relative_to(SUPPORT) and "test_" in file.name]
    assert wrong == []


def test_a_fault_test_is_in_a_file_of_its_number() -> None:
    marks = {file: set(read_faults(tree)) for file, tree in FILES.items() if not file.is_relative_to(SUPPORT)}
    wrong = {}
    for file, found in marks.items():
        name = FAULT_FILE.fullmatch(file.name) if file.parent.name == "faults" else None
        expected = {f"F{int(name[1])}"} if name else set()
        if found != expected:
            wrong[file.name] = found
    assert wrong == {}
    assert sum(map(bool, marks.values())) > 13


def test_every_file_of_fault_tests_has_a_number() -> None:
    wrong = [file.name for file in (TESTS / "faults").glob("*.py") if not FAULT_FILE.fullmatch(file.name)]
    assert wrong == []


def test_a_run_of_light_unit_tests_loads_no_heavy_module() -> None:
    """The plugins of tests/conftest.py are loaded by every run: they import such modules inside their fixtures only."""
    files = [str(TESTS / "unit" / f"test_{name}.py") for name in LIGHT]
    done = subprocess.run(
        [sys.executable, "-c", LIST_MODULES, *files], cwd=TESTS.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    loaded = set(done.stdout.rpartition("modules: ")[2].split())
    assert "pytest" in loaded
    assert loaded & HEAVY == set()
