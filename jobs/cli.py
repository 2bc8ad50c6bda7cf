"""What every job's command line shares: its options, its log, one sentence instead of a traceback, its exit codes.

Exit codes, the same in every job:

| code | meaning |
|---|---|
| 0 | done; also asked to stop and stopped cleanly: `demo`, `stream`, `generate`, `replay_recording`, `dashboard` |
| 1 | failed, or the answer is no: `verify` found a difference, `services status` a service that does not answer |
| 2 | the command line is wrong: unknown job, option, profile or setting, or a bad value given with --set |
| 3 | nothing to check: `verify` had nothing to compare (no lake, no database) |
| 130 | ended by SIGINT (Ctrl-C) before it was done: any other job, and `demo --minutes` |
| 143 | the same by SIGTERM |

A wrong setting in a file of conf/ or in an AFLUENTE_* variable is 1. A job without a handler dies of the signal itself,
for which a shell reports 130 or 143 too. One exception: `test` becomes pytest and ends with pytest's own exit codes.

Not a job: jobs may import it, as they may import `jobs.settings` and `jobs.session`.
"""

import argparse
import errno
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from enum import IntEnum
from types import FrameType
from typing import NoReturn

from jobs.settings import CorrectTheCommandLine, Settings, SettingsError, add_settings_arguments, load_settings
from streaming.errors import StreamingError
from warehouse.errors import WarehouseError

_MENDABLE = {
    errno.EACCES: "no permission: run as the folder's owner, or choose another folder with --set var=FOLDER",
    errno.EROFS: "is on a read-only disk: choose another folder with --set var=FOLDER",
    errno.ENOSPC: "no space left on the disk: make room, or choose another folder with --set var=FOLDER",
    errno.EDQUOT: "the disk quota is used up: make room, or choose another folder with --set var=FOLDER",
}
_VERBOSE = ("kafka", "py4j", "urllib3", "werkzeug", "waitress")  # libraries that log every step at INFO
_REPEATED = ("kafka.net", "py4j.clientserver")  # an error there also reaches a job as an exception, which reports it


class ExitCode(IntEnum):
    """The exit codes of all jobs; the table above says when."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOTHING_TO_CHECK = 3
    INTERRUPTED = 128 + signal.SIGINT
    TERMINATED = 128 + signal.SIGTERM


class KeyValueFormatter(logging.Formatter):
    """One line per record: `at=... level=... logger=... message="..."`, UTC, then a traceback if there is one."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line without the traceback."""
        message = json.dumps(record.message, ensure_ascii=False)
        return f"at={self.formatTime(record)} level={record.levelname} logger={record.name} message={message}"


def parse(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> tuple[argparse.Namespace, Settings]:
    """Adds --profile and --set, parses, loads the settings and sets the log level they name."""
    add_settings_arguments(parser)
    arguments = parser.parse_args(argv)
    settings = load_settings(arguments.profile, arguments.overrides)
    logging.getLogger().setLevel(settings.log_level)
    return arguments, settings


def read_positive(text: str) -> float:
    """An option's value above 0, for argparse."""
    number = float(text)
    if not number > 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def read_share(text: str) -> float:
    """An option's value from 0 to 1, for argparse."""
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not a share between 0 and 1")
    return share


def settings_words(arguments: argparse.Namespace) -> list[str]:
    """The --profile and --set words that give a child process the same settings."""
    overrides = [word for override in arguments.overrides for word in ("--set", override)]
    return ["--profile", arguments.profile, *overrides]


def log_to_stderr(level: str = "INFO") -> None:
    """Sends the log to standard error as key=value lines; of verbose libraries only WARNING and above."""
    handler = logging.StreamHandler()
    handler.setFormatter(KeyValueFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _VERBOSE:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _REPEATED:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def raise_interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    """A signal handler, for jobs that must stop what they started: `run` turns the interrupt into the exit code."""
    raise KeyboardInterrupt(number)


def report_error(error: Exception) -> ExitCode:
    """Writes an error that the operator can mend as one sentence to standard error; raises any other again."""
    if isinstance(error, OSError) and error.errno in _MENDABLE:
        sentence = f"{error.filename or 'a file'}: {_MENDABLE[error.errno]}"
    elif isinstance(error, StreamingError | WarehouseError | SettingsError):
        sentence = str(error)
    else:
        raise error
    sys.stderr.write(f"{sentence}\n")
    return ExitCode.USAGE if isinstance(error, CorrectTheCommandLine) else ExitCode.FAILED


def run(main: Callable[[None], int]) -> NoReturn:
    """Runs a job's `main` and ends the process with its exit code.

    An error that the operator can mend is one sentence on standard error; anything else is a bug and keeps its
    traceback.
    """
    log_to_stderr()
    try:
        code = main(None)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of a pipe has closed it: nothing more can be written there
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.FAILED
    except (StreamingError, WarehouseError, SettingsError, OSError) as error:
        code = report_error(error)
    except KeyboardInterrupt as interrupt:  # without a number it is Python's own, of a Ctrl-C
        code = 128 + (interrupt.args[0] if interrupt.args else signal.SIGINT)
    sys.exit(code)
