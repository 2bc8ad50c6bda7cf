"""`python -m tests.benchmark`: runs the workloads one after the other and prints the report; see README.md.

The job `benchmark` starts it and explains its options.
"""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import psycopg2
from rich.console import Console

from jobs.cli import log_to_stderr, raise_interrupt, report_error
from jobs.settings import ROOT, Settings, SettingsError, load_settings
from streaming.errors import StreamingError
from streaming.local.run_folder import claim_folder, empty_folder
from tests.benchmark.bench import Bench
from tests.benchmark.installation import Installation
from tests.benchmark.report import Report, print_report
from tests.benchmark.scale import SMALLER, Scale, read_scale
from tests.benchmark.workloads.drain import run_drain
from tests.benchmark.workloads.latency import run_latency
from tests.benchmark.workloads.profile import run_profile
from tests.benchmark.workloads.start import run_start
from warehouse.errors import WarehouseError

WORKLOADS = {"start": run_start, "latency": run_latency, "drain": run_drain, "profile": run_profile}

_WIDTH_OF_A_FILE = 160


def main(argv: Sequence[str]) -> int:
    """0: every target that was measured is met; 1: one is not, or a contender has no number."""
    parser = argparse.ArgumentParser(prog="benchmark")
    parser.add_argument("workloads", nargs="*")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--profile", required=True)
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    arguments = parser.parse_args(argv)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, raise_interrupt)
    settings = load_settings(arguments.profile, arguments.overrides)
    scale = read_scale(arguments.quick)
    report = measure(arguments, settings, scale)
    path = settings.var / "reports" / f"benchmark-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report.to_json(), indent=1))
    if arguments.json:
        sys.stdout.write(json.dumps(report.to_json()) + "\n")
    else:
        width = None if sys.stdout.isatty() else _WIDTH_OF_A_FILE
        print_report(report, Console(highlight=False, width=width))
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"report: {path}")
    return 0 if report.is_met else 1


def measure(arguments: argparse.Namespace, settings: Settings, scale: Scale) -> Report:
    """Runs the wanted workloads in a folder of the benchmark's own, which is emptied before."""
    folder = settings.var / "benchmark"
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    began = datetime.now(UTC)
    with claim_folder(folder):
        empty_folder(folder, default=folder)
        installation = Installation(folder, arguments.profile, arguments.overrides)
        with installation.running():
            bench = Bench(installation, scale, console)
            for name, run in WORKLOADS.items():
                if name in arguments.workloads or not arguments.workloads:
                    run_workload(bench, name, run)
    conditions = describe_conditions(settings, arguments.quick, scale)
    minutes = (datetime.now(UTC) - began).total_seconds() / 60
    return Report({**conditions, "minutes": round(minutes, 1)}, bench.runs, bench.profile, bench.failures)


def run_workload(bench: Bench, name: str, run: Callable[[Bench], None]) -> None:
    """Runs one workload; if it fails, the others go on: the report of an unattended run must not be lost."""
    bench.console.print(f"workload {name} ...")
    try:
        run(bench)
    except (StreamingError, WarehouseError, psycopg2.Error, subprocess.TimeoutExpired, OSError) as error:
        bench.failures.append(f"workload {name} did not end: {error}")


def describe_conditions(settings: Settings, is_quick: bool, scale: Scale) -> dict[str, Any]:
    """What a reader needs to repeat the run."""
    conditions = {
        "commit": _read_commit(),
        "cores": psutil.cpu_count(),
        "memory GiB": round(psutil.virtual_memory().total / 1024**3),
        "processor": _read_processor(),
        "python": platform.python_version(),
        "master": settings.spark.master,
        "driver memory": settings.spark.driver_memory,
        "quick": is_quick,
    }
    return conditions if scale.factor >= 1 else {**conditions, f"{SMALLER} (figures mean nothing)": scale.factor}


def _read_commit() -> str:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    with suppress(OSError):
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"
    return "unknown"


def _read_processor() -> str:
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    return "unknown"


if __name__ == "__main__":
    os.chdir(ROOT)
    log_to_stderr("WARNING")
    try:
        code = main(sys.argv[1:])
    except (StreamingError, WarehouseError, SettingsError, OSError) as error:
        code = report_error(error)
    except KeyboardInterrupt as interrupt:
        code = 128 + (interrupt.args[0] if interrupt.args else signal.SIGINT)
    sys.exit(code)
