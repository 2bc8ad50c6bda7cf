"""The launcher: errors of a machine that is not ready, two first starts at once, the list of jobs."""

import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.__main__ import main, read_jobs
from jobs.settings import ROOT
from jobs.source_zip import pack_sources

TOOLS = (
    "bash",
    "env",
    "awk",
    "cat",
    "cut",
    "cp",
    "chmod",
    "df",
    "dirname",
    "flock",
    "head",
    "mkdir",
    "mv",
    "rm",
    "sed",
    "sha256sum",
    "sleep",
    "tail",
    "touch",
)

PYTHON = """#!/usr/bin/env bash
# Stands in for Python: makes an "environment" of copies of itself and writes its arguments to $LOG.
echo "$*" >>"$LOG"
case "$*" in
  "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
  *"pip install"*) cp "$0" "${0%/*}/uv"; sleep 0.5 ;;
  "-P -m jobs"*) shift 3; echo "started $*" ;;
  *"import pip"*) exit 1 ;;
esac
"""
JAVA = """#!/usr/bin/env bash
[[ $1 == -version ]] && { echo 'openjdk version "17.0.9" 2023-10-17' >&2; exit; }
for word in "$@"; do case "$word" in *.jars.new* | *jars.new*) mkdir -p "${word%/*}" ;; esac; done
"""


class Machine:
    """A folder with the launcher in it, and a PATH with the programs that we install there and no others."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "project"
        self.bin = folder / "bin"
        self.log = folder / "log"
        (self.home / "conf").mkdir(parents=True)
        self.bin.mkdir()
        for name in ("spark-submit.sh", "uv.lock", "conf/jars.xml"):
            shutil.copy(ROOT / name, self.home / name)
        for name in TOOLS:
            (self.bin / name).symlink_to(str(shutil.which(name)))
        self.install("python3", PYTHON)
        self.install("java", JAVA)

    def install(self, name: str, script: str) -> None:
        """Puts a program on the machine, instead of one of that name."""
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(script.replace("/usr/bin/env bash", str(shutil.which("bash"))))
        path.chmod(0o755)

    def open(self, *words: str) -> subprocess.Popen[str]:
        environment = {"PATH": str(self.bin), "LOG": str(self.log)}
        return subprocess.Popen(
            [str(self.home / "spark-submit.sh"), *words],
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *words: str) -> tuple[int, str, str]:
        """Exit code, standard output, last line of standard error."""
        process = self.open(*words)
        output, errors = process.communicate(timeout=60)
        return process.returncode, output, (errors.strip().splitlines() or [""])[-1]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def without_java(machine: Machine) -> None:
    (machine.bin / "java").unlink()


def with_old_java(machine: Machine) -> None:
    machine.install("java", "#!/usr/bin/env bash\necho 'openjdk version \"11.0.2\"' >&2\n")


def with_old_python(machine: Machine) -> None:
    machine.install("python3", '#!/usr/bin/env bash\n[[ "$*" == *version_info* ]] && exit 1\n')


def without_venv_module(machine: Machine) -> None:
    machine.install("python3", '#!/usr/bin/env bash\n[[ "$*" == *ensurepip* ]] && exit 1\nexit 0\n')


def with_unwritable_folder(machine: Machine) -> None:
    (machine.home / ".venv").write_text("root may write anywhere, but not below a file")


def with_full_disk(machine: Machine) -> None:
    machine.install("df", "#!/usr/bin/env bash\nprintf 'head\\n/dev/x 100 90 10 90%% /\\n'\n")


def without_registry(machine: Machine) -> None:
    machine.install("python3", PYTHON.replace("sleep 0.5", "echo no route to host; exit 1"))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (without_java, "Java was not found: install Java 17"),
        (with_old_java, "Java 17 or 21 is needed, but"),
        (with_old_python, "Python 3.11 or 3.12 was not found"),
        (without_venv_module, "has no venv module: install it"),
        (with_unwritable_folder, "cannot be written"),
        (with_full_disk, "Only 10 MB are free"),
        (without_registry, "uv could not be installed: is the package registry reachable?"),
    ],
)
def test_a_machine_that_is_not_ready_gets_one_sentence(
    machine: Machine, damage: Callable[[Machine], None], words: str
) -> None:
    damage(machine)
    code, output, sentence = machine.run("demo")
    assert code == 1
    assert words in sentence
    assert output == ""


def test_two_first_starts_make_one_environment(machine: Machine) -> None:
    both = [machine.open("first"), machine.open("second")]
    answers = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert {output for output, _ in answers} == {"started first\n", "started second\n"}
    assert machine.log.read_text().count("pip install") == 1


def test_a_later_start_installs_nothing_and_a_new_lock_file_installs_again(machine: Machine) -> None:
    def count() -> int:
        return machine.log.read_text().count("pip install")

    assert machine.run("job")[:2] == (0, "started job\n")
    assert machine.run("job", "--set", "a b=c d")[:2] == (0, "started job --set a b=c d\n")
    assert count() == 1
    (machine.home / "uv.lock").write_text("other")
    machine.run("job")
    assert count() == 2


def test_an_incomplete_environment_is_completed(machine: Machine) -> None:
    without_registry(machine)
    assert machine.run("job")[0] == 1
    machine.install("python3", PYTHON)
    shutil.copy(machine.bin / "python3", machine.home / ".venv" / "bin" / "python")
    assert machine.run("job")[:2] == (0, "started job\n")


def test_the_list_shows_every_job_in_its_group(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    for job in read_jobs().values():
        assert f"\n{job.group}\n" in shown
        assert f"  {job.name} " in shown
        assert job.summary.endswith(".")
    assert {"demo", "test", "services", "migrate", "create_topics", "generate", "stream", "verify"} <= set(read_jobs())


def test_the_groups_have_an_order() -> None:
    assert {job.group for job in read_jobs().values()} == {"run", "operate", "set up", "produce", "check"}


def test_a_job_may_have_another_name_than_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "workflows.py").write_text('"""Start Airflow."""\nNAME = "airflow"\nGROUP = "run"\n')
    (tmp_path / "spark.py").write_text('"""Needs it."""\nNAME = "delta"\nGROUP = "run"\nNEEDS_SPARK = True\n')
    jobs = read_jobs(tmp_path)
    assert {name: job.module for name, job in jobs.items()} == {"airflow": "workflows", "delta": "spark"}
    started: list[object] = []
    monkeypatch.setattr("jobs.__main__.read_jobs", lambda: jobs)
    monkeypatch.setattr("runpy.run_module", lambda module, run_name: started.append((module, list(sys.argv))))
    monkeypatch.setattr("jobs.spark_submit.submit", lambda module, words, _: started.append((module, words)) or 0)
    monkeypatch.setattr("sys.argv", [])
    assert main(["airflow", "--port", "1"]) == 0
    assert main(["delta", "word"]) == 0
    assert started == [("jobs.workflows", ["airflow", "--port", "1"]), ("spark", ["word"])]


def test_the_list_appears_at_once() -> None:
    began = time.monotonic()
    subprocess.run([str(ROOT / "spark-submit.sh")], check=True, capture_output=True)
    assert time.monotonic() - began < 5  # 0.1 s when idle; the suite may share its cores


def test_for_an_unknown_job_the_closest_name_is_suggested(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["create_topic"]) == 2
    assert "did you mean create_topics?" in capsys.readouterr().err


def test_no_job_is_named_like_a_library() -> None:
    """jobs/ comes first on the path of spark-submit's Python."""
    taken = {"delta", "kafka", "logging", "typing", "types", "signal", "queue", "select", "pyspark", "airflow", "regex"}
    assert not taken & {path.stem for path in (ROOT / "jobs").glob("*.py")}


def test_equal_sources_make_an_equal_archive(tmp_path: Path) -> None:
    for package in ("jobs", "streaming", "warehouse"):
        (tmp_path / package / "__pycache__").mkdir(parents=True)
        (tmp_path / package / "__pycache__" / "old.pyc").write_text("")
        (tmp_path / package / "query.sql").write_text("SELECT 1")
    first = pack_sources(tmp_path, tmp_path / "a")
    os.utime(tmp_path / "jobs" / "query.sql", (0, 0))
    second = pack_sources(tmp_path, tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()
    assert zipfile.ZipFile(first).namelist() == ["jobs/query.sql", "streaming/query.sql", "warehouse/query.sql"]
    (tmp_path / "jobs" / "query.sql").write_text("SELECT 2")
    assert pack_sources(tmp_path, tmp_path / "a").name != first.name
