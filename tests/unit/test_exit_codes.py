"""Exit codes: the same in every job, and listed by the launcher."""

import errno
import re
import signal
from collections.abc import Callable
from typing import NoReturn

import pytest

from jobs.__main__ import main as launch
from jobs.cli import ExitCode, raise_interrupt, run
from jobs.settings import CorrectTheCommandLine, SettingsError
from jobs.spark_submit import submit
from streaming.errors import ReadTheLog
from warehouse.errors import DatabaseAbsent

Main = Callable[[None], int]


def make_failing(error: BaseException) -> Main:
    """The `main` of a job that fails with this error."""

    def main(_: None) -> NoReturn:
        raise error

    return main


@pytest.fixture(autouse=True)
def no_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """`run` must not replace pytest's log handlers."""
    monkeypatch.setattr("jobs.cli.log_to_stderr", lambda: None)


@pytest.mark.parametrize(
    ("main", "code", "sentences"),
    [
        (lambda _: ExitCode.DONE, 0, 0),
        (lambda _: ExitCode.NOTHING_TO_CHECK, 3, 0),
        (make_failing(ReadTheLog("see the log")), 1, 1),
        (make_failing(DatabaseAbsent("no database answers")), 1, 1),
        (make_failing(SettingsError("AFLUENTE_X: there is no setting 'x'")), 1, 1),
        (make_failing(PermissionError(errno.EACCES, "", "file")), 1, 1),
        (make_failing(BrokenPipeError()), 1, 0),
        (make_failing(CorrectTheCommandLine("--set x: there is no setting 'x'")), 2, 1),
        (make_failing(KeyboardInterrupt()), 130, 0),
        (lambda _: raise_interrupt(signal.SIGINT, None), 130, 0),
        (lambda _: raise_interrupt(signal.SIGTERM, None), 143, 0),
    ],
)
def test_how_a_job_ends_is_its_exit_code(
    main: Main, code: int, sentences: int, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.dup2", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        run(main)
    assert ended.value.code == code
    assert capfd.readouterr().err.count("\n") == sentences


@pytest.mark.parametrize("error", [ZeroDivisionError(), OSError(errno.EIO, "no sentence for this one")])
def test_a_bug_keeps_its_traceback(error: Exception) -> None:
    with pytest.raises(type(error)):
        run(make_failing(error))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--set", "kafka.prot=1"], "there is no setting 'kafka.prot'"),
        (["--set", "kafka.port=0"], "setting 'kafka.port'"),
        (["--profile", "prod"], "there is no profile 'prod'"),
    ],
)
@pytest.mark.usefixtures("clean_environment")
def test_a_job_for_spark_checks_its_settings_before_it_starts_spark(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert submit("stream", words) == ExitCode.USAGE
    assert sentence in capsys.readouterr().err


def test_the_list_explains_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    launch(["--help"])
    explained = capsys.readouterr().out.rpartition("Exit codes: ")[2]
    assert [int(code) for code in re.findall(r"\d+", explained)] == list(ExitCode)
