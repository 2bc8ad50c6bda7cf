"""Child jobs: their start, end and logs; pid files; the lock and the emptying of the run folder."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from streaming.errors import FreeThePort
from streaming.local.child_jobs import ChildJobs, JobEnded, read_last_meaningful_line
from streaming.local.processes import Launch, PidFile, require_free_port, start_process, stop_process, wait_until
from streaming.local.run_folder import EmptyItYourself, WaitForTheOther, claim_folder, empty_folder

STUB = '''"""Stands in for the jobs."""
import signal, sys, time
name = sys.argv[1]
if name == "fails":
    print("Traceback (most recent call last):\\n  File x\\nthe sentence", file=sys.stderr, flush=True)
    sys.exit(3)
if name == "ignores_term":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if name == "finishes":
    signal.signal(signal.SIGUSR1, lambda *_: sys.exit(int(sys.argv[2])))
if name == "answers":
    print("answer", sys.argv[2:], flush=True)
    print("log line", file=sys.stderr)
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
    assert (tmp_path / "logs" / "answers.log").read_text() == "log line\n"


def test_an_ended_child_is_named_with_its_code_its_last_line_and_its_log(children: ChildJobs) -> None:
    child = children.start("fails")
    child.process.wait()
    with pytest.raises(JobEnded, match=rf"fails ended with exit code 3: the sentence \(log: .*{child.log.name}\)"):
        children.check()


def test_a_killed_child_is_reported_as_killed(children: ChildJobs) -> None:
    child = children.start("obeys")
    child.process.kill()
    child.process.wait()
    with pytest.raises(JobEnded, match="obeys was killed"):
        children.check()


def start_ready(children: ChildJobs, name: str, *words: str) -> None:
    child = children.start(name, *words)
    assert wait_until(lambda: "ready" in child.log.read_text(), 30)


def test_a_child_is_asked_to_finish(children: ChildJobs) -> None:
    start_ready(children, "finishes", "0")
    children.finish("finishes", signal.SIGUSR1, 30)
    assert children.find("finishes") is None
    start_ready(children, "finishes", "5")
    with pytest.raises(JobEnded, match="finishes ended with exit code 5"):
        children.finish("finishes", signal.SIGUSR1, 30)


def test_finishing_ends_when_it_takes_too_long_or_another_child_ends(children: ChildJobs) -> None:
    start_ready(children, "waits")
    with pytest.raises(JobEnded, match="waits did not end within 0 s"):
        children.finish("waits", signal.SIGCONT, 0.2)
    children.start("fails")
    with pytest.raises(JobEnded, match="fails ended with exit code 3"):
        children.finish("waits", signal.SIGCONT, 30)
    children.stop(grace_seconds=10)


def test_a_new_run_has_a_new_log(children: ChildJobs) -> None:
    for _ in range(2):
        with pytest.raises(JobEnded):
            children.run("fails")
    assert (children.logs / "fails.log").read_text().count("the sentence") == 1
    assert (children.logs / "fails.log.1").exists()


def test_a_child_that_ignores_term_is_killed_after_the_grace(children: ChildJobs) -> None:
    running = [children.start("ignores_term"), children.start("obeys")]
    assert wait_until(lambda: all(child.log.read_text() == "ready\n" for child in running), 20)
    children.stop(grace_seconds=0.5)
    assert [child.process.returncode for child in running] == [-signal.SIGKILL, -signal.SIGTERM]
    children.check()  # stopped children are not watched


@pytest.mark.parametrize(
    ("log", "last_line"),
    [
        ("first\nsecond\n", "second"),
        ('the sentence\nat=1 level=INFO logger=x message="left"\n\n', "the sentence"),
        ("cause\n\tat org.apache.X(Y.java:1)\n\t... 12 more\n", "cause"),
        ("", ""),
    ],
)
def test_the_last_meaningful_line(tmp_path: Path, log: str, last_line: str) -> None:
    (tmp_path / "log").write_text(log)
    assert read_last_meaningful_line(tmp_path / "log") == last_line


def test_a_missing_log_has_no_last_meaningful_line(tmp_path: Path) -> None:
    assert read_last_meaningful_line(tmp_path / "none") == ""


def test_stopping_kills_the_whole_session(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    process = start_process(["bash", "-c", f"sleep 60 & echo $! >{note}; trap 'exit 4' TERM; wait"], Launch())
    assert wait_until(lambda: note.exists() and note.read_text().strip() != "", 20)
    assert stop_process(process, 5) == 4
    grandchild = int(note.read_text())
    assert wait_until(lambda: not psutil.pid_exists(grandchild) or psutil.Process(grandchild).status() == "zombie", 5)


def test_a_pid_file_does_not_name_another_process_with_the_same_pid(tmp_path: Path) -> None:
    """After a restart of the machine the pid may belong to any program."""
    pid_file = PidFile(tmp_path / "x.pid")
    pid_file.write(os.getpid())
    assert pid_file.find() is not None
    noted = psutil.Process().create_time()
    pid_file.path.write_text(pid_file.path.read_text().replace(str(noted), str(noted - 100)))
    assert pid_file.find() is None
    pid_file.stop(1)  # does not stop this process
    assert not pid_file.path.exists()


def test_a_folder_is_locked_by_one_demo(tmp_path: Path) -> None:
    code = f"from streaming.local.run_folder import *\nwith claim_folder(Path({str(tmp_path)!r})): pass"
    with claim_folder(tmp_path):
        second = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
        assert WaitForTheOther.__name__ in second.stderr
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_only_a_folder_of_ours_is_emptied(tmp_path: Path) -> None:
    other, ours = tmp_path / "other", tmp_path / "ours"
    other.mkdir()
    (other / "thesis.txt").write_text("ten years")
    for folder in (other, ours):
        with claim_folder(folder):
            (folder / "lake").mkdir()
    with pytest.raises(EmptyItYourself, match="was not made by this project"):
        empty_folder(other, default=tmp_path / "var")
    assert (other / "thesis.txt").exists()
    empty_folder(ours, default=tmp_path / "var")
    assert not (ours / "lake").exists()
    empty_folder(other, default=other)
    assert not (other / "thesis.txt").exists()


def test_the_wait_for_a_condition_ends() -> None:
    began = time.monotonic()
    assert wait_until(lambda: False, 0.2) is False
    assert time.monotonic() - began < 5


def test_a_taken_port_names_the_setting_that_chooses_it() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(FreeThePort, match=rf"port {port} is taken by another program.*--set kafka\.port=NUMBER"):
            require_free_port(port, "kafka.port", wait_seconds=0.1)
    require_free_port(port, "kafka.port")
