"""ChildJob jobs, their folder and their logs."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from streaming.local.child_jobs import ChildJobs, JobEnded, read_last_meaningful_line
from streaming.local.processes import Launch, PidFile, start_process, stop_process, wait_until
from streaming.local.run_folder import EmptyItYourself, WaitForTheOther, claim_folder, empty_folder

STUB = '''"""Stands in for the jobs."""
import signal, sys, time
name = sys.argv[1]
if name == "fails":
    print("Traceback (most recent call last):\\n  File x\\nthe sentence", file=sys.stderr, flush=True)
    sys.exit(3)
if name == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if name == "answers":
    print("answer", sys.argv[2:], flush=True)
    print("narration", file=sys.stderr)
    sys.exit(0)
print("ready", flush=True)
time.sleep(60)
'''


@pytest.fixture
def children(tmp_path: Path) -> ChildJobs:
    (tmp_path / "jobs.py").write_text(STUB)
    return ChildJobs(tmp_path, tmp_path / "logs", ["--set", "a=b"])


def test_a_child_gets_the_settings_and_its_output_may_go_to_a_file(children: ChildJobs, tmp_path: Path) -> None:
    assert children.run("answers", "--json", output=tmp_path / "answer") == 0
    assert (tmp_path / "answer").read_text() == "answer ['--json', '--set', 'a=b']\n"
    assert (tmp_path / "logs" / "answers.log").read_text() == "narration\n"


def test_a_dead_child_is_named_with_its_last_words_and_its_log(children: ChildJobs) -> None:
    child = children.start("fails")
    child.process.wait()
    with pytest.raises(JobEnded, match=rf"fails ended with exit code 3: the sentence \(log: .*{child.log.name}\)"):
        children.check()


def test_a_killed_child_is_called_killed(children: ChildJobs) -> None:
    child = children.start("willing")
    child.process.kill()
    child.process.wait()
    with pytest.raises(JobEnded, match="willing was killed"):
        children.check()


def test_a_new_run_has_a_new_log(children: ChildJobs) -> None:
    for _ in range(2):
        with pytest.raises(JobEnded):
            children.run("fails")
    assert (children.logs / "fails.log").read_text().count("the sentence") == 1
    assert (children.logs / "fails.log.1").exists()


def test_a_stubborn_child_is_killed_after_the_grace_and_a_willing_one_at_once(children: ChildJobs) -> None:
    running = [children.start("stubborn"), children.start("willing")]
    assert wait_until(lambda: all(child.log.read_text() == "ready\n" for child in running), 20)
    children.stop(grace_seconds=0.5)
    assert [child.process.returncode for child in running] == [-signal.SIGKILL, -signal.SIGTERM]
    children.check()  # nothing is watched any more


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ("first\nsecond\n", "second"),
        ('the sentence\nat=1 level=INFO logger=x message="left"\n\n', "the sentence"),
        ("cause\n\tat org.apache.X(Y.java:1)\n\t... 12 more\n", "cause"),
        ("", ""),
    ],
)
def test_the_last_meaningful_line(tmp_path: Path, log: str, told: str) -> None:
    (tmp_path / "log").write_text(log)
    assert read_last_meaningful_line(tmp_path / "log") == told


def test_a_log_that_is_not_there_tells_nothing(tmp_path: Path) -> None:
    assert read_last_meaningful_line(tmp_path / "none") == ""


def test_stopping_takes_the_whole_session_along(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    process = start_process(["bash", "-c", f"sleep 60 & echo $! >{note}; trap 'exit 4' TERM; wait"], Launch())
    assert wait_until(lambda: note.exists() and note.read_text().strip() != "", 20)
    assert stop_process(process, 5) == 4
    grandchild = int(note.read_text())
    assert wait_until(lambda: not psutil.pid_exists(grandchild) or psutil.Process(grandchild).status() == "zombie", 5)


def test_a_pid_file_does_not_name_a_stranger(tmp_path: Path) -> None:
    """After a restart of the machine the number may belong to anybody."""
    pid_file = PidFile(tmp_path / "x.pid")
    pid_file.write(os.getpid())
    assert pid_file.find() is not None
    noted = psutil.Process().create_time()
    pid_file.path.write_text(pid_file.path.read_text().replace(str(noted), str(noted - 100)))
    assert pid_file.find() is None
    pid_file.stop(1)  # and does not stop the stranger
    assert not pid_file.path.exists()


def test_a_folder_is_held_by_one_demo(tmp_path: Path) -> None:
    code = f"from streaming.local.run_folder import *\nwith claim_folder(Path({str(tmp_path)!r})): pass"
    with claim_folder(tmp_path):
        second = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
        assert WaitForTheOther.__name__ in second.stderr
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_only_a_folder_of_ours_is_emptied(tmp_path: Path) -> None:
    foreign, ours = tmp_path / "foreign", tmp_path / "ours"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("ten years")
    for folder in (foreign, ours):
        with claim_folder(folder):
            (folder / "lake").mkdir()
    with pytest.raises(EmptyItYourself, match="was not made by this project"):
        empty_folder(foreign, default=tmp_path / "var")
    assert (foreign / "thesis.txt").exists()
    empty_folder(ours, default=tmp_path / "var")
    assert not (ours / "lake").exists()
    empty_folder(foreign, default=foreign)
    assert not (foreign / "thesis.txt").exists()


def test_the_wait_for_a_condition_ends(tmp_path: Path) -> None:
    began = time.monotonic()
    assert wait_until(lambda: False, 0.2) is False
    assert time.monotonic() - began < 5
