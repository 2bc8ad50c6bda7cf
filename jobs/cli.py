"""What every job's command line shares: its options, its log, and one sentence instead of a traceback.

Not a job: jobs may import it, as they may import `jobs.settings` and `jobs.session`.
"""

import argparse
import errno
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import NoReturn

from jobs.settings import Settings, SettingsError, add_settings_arguments, load_settings
from streaming.errors import StreamingError
from warehouse.errors import WarehouseError

_INTERRUPTED = 130  # what a shell reports for a command that Ctrl-C ended
_MENDABLE = {
    errno.EACCES: "no permission: run as the folder's owner, or choose another folder with --set var=FOLDER",
    errno.EROFS: "is on a read-only disk: choose another folder with --set var=FOLDER",
    errno.ENOSPC: "no space left on the disk: make room, or choose another folder with --set var=FOLDER",
    errno.EDQUOT: "the disk quota is used up: make room, or choose another folder with --set var=FOLDER",
}
_TALKATIVE = ("kafka", "py4j", "urllib3", "werkzeug", "waitress")  # libraries that narrate at INFO
_REPEATED = ("kafka.net", "py4j.clientserver")  # what fails there reaches us as an error, and is said once


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


def settings_words(arguments: argparse.Namespace) -> list[str]:
    """The --profile and --set words that give a child process the same settings."""
    overrides = [word for override in arguments.overrides for word in ("--set", override)]
    return ["--profile", arguments.profile, *overrides]


def log_to_stderr(level: str = "INFO") -> None:
    """Sends the log to standard error as key=value lines; libraries that narrate are heard from WARNING on."""
    handler = logging.StreamHandler()
    handler.setFormatter(KeyValueFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _REPEATED:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def explain(error: OSError) -> str:
    """What the operator can mend, in one sentence; raises the error again where that is nothing."""
    if error.errno not in _MENDABLE:
        raise error
    return f"{error.filename or 'a file'}: {_MENDABLE[error.errno]}"


def run(main: Callable[[None], int]) -> NoReturn:
    """Runs a job's `main` and ends the process with its exit code.

    An error that the operator can mend is one sentence on standard error and exit code 1; anything else is a bug
    and keeps its traceback.
    """
    log_to_stderr()
    try:
        code = main(None)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of a pipe has left; nothing more can be said there
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except (StreamingError, WarehouseError, SettingsError) as error:
        sys.stderr.write(f"{error}\n")
        code = 1
    except OSError as error:
        sys.stderr.write(f"{explain(error)}\n")
        code = 1
    except KeyboardInterrupt:
        code = _INTERRUPTED
    sys.exit(code)
