"""Run everything: broker, database, topics, generator, stream and page; with --minutes, stop, verify and report.

The first start takes a few minutes, a later one continues where the last one stopped. Ctrl-C stops everything.
"""

import argparse
import signal
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from jobs.cli import ExitCode, parse, raise_interrupt, read_positive, read_share, run, settings_words
from jobs.settings import BROKER_JARS, ROOT, Settings, load_settings
from streaming.errors import StreamingError
from streaming.local.child_jobs import ChildJobs
from streaming.local.demo import Demo, Plan
from streaming.local.run_folder import claim_folder, empty_folder
from streaming.local.services import find_services
from warehouse.database.connections import role_url

GROUP = "run"


def build_parser() -> argparse.ArgumentParser:
    """The job's options."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument(
        "--minutes",
        type=read_positive,
        metavar="N",
        help="after so many minutes stop the generator, let the stream read everything, verify and exit; "
        "exit code 1 if verify finds a difference, 130 if interrupted before",
    )
    parser.add_argument("--posts-per-second", type=read_positive, metavar="RATE", help="default: 100")
    parser.add_argument("--machines", type=int, metavar="COUNT", help="machines that report; default: 10")
    parser.add_argument("--seed", type=int, help="the same seed makes the same events; default: 7")
    parser.add_argument(
        "--malformed", type=read_share, default=0.0, metavar="SHARE", help="share of malformed records, 0..1"
    )
    parser.add_argument(
        "--duplicates", type=read_share, default=0.0, metavar="SHARE", help="share of records sent twice, 0..1"
    )
    parser.add_argument("--late", type=read_share, default=0.0, metavar="SHARE", help="share of late records, 0..1")
    parser.add_argument("--no-page", action="store_true", help="do not serve the live page")
    parser.add_argument("--fresh", action="store_true", help="first delete what earlier runs left in `var`; asks")
    parser.add_argument("--yes", action="store_true", help="answer every question with yes")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0 after a clean stop; with --minutes 1 if a check found a difference."""
    arguments, _ = parse(build_parser(), argv)
    arguments.overrides += _read_generator_overrides(arguments)
    settings = load_settings(arguments.profile, arguments.overrides)
    console = Console(highlight=False, soft_wrap=True)
    # SIGINT has a handler already, but not where a script started us with `&`; under nohup SIGHUP stays ignored.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, raise_interrupt)
    with claim_folder(settings.var):
        if arguments.fresh and not _empty(settings, console, sure=arguments.yes):
            return ExitCode.FAILED
        return _build(arguments, settings, console).run()


def _build(arguments: argparse.Namespace, settings: Settings, console: Console) -> Demo:
    plan = Plan(
        minutes=arguments.minutes,
        generate=(
            "all",
            "--malformed",
            str(arguments.malformed),
            "--duplicates",
            str(arguments.duplicates),
            "--late",
            str(arguments.late),
        ),
        posts_per_second=settings.generator.posts_per_second,
        page=None if arguments.no_page else settings.page,
        kafka=settings.kafka,
        lake=settings.lake.path,
        journal=settings.generator.journal,
        reports=settings.var / "reports",
        writer_url=lambda: role_url(settings.postgres, "writer"),
    )
    children = ChildJobs(ROOT, settings.var / "logs", settings_words(arguments))
    return Demo(plan, find_services(settings.kafka, settings.postgres, BROKER_JARS), children, console)


def _read_generator_overrides(arguments: argparse.Namespace) -> list[str]:
    """Rate, machines and seed are settings: these options reach every child job as --set."""
    chosen = {"posts_per_second": arguments.posts_per_second, "machines": arguments.machines, "seed": arguments.seed}
    return [f"generator.{name}={value}" for name, value in chosen.items() if value is not None]


def _empty(settings: Settings, console: Console, sure: bool) -> bool:
    folder: Path = settings.var
    for service in find_services(settings.kafka, settings.postgres, BROKER_JARS):
        if service.is_running():
            raise StreamingError(f"the {service.name} still uses {folder}: run `./spark-submit.sh services stop` first")
    if not sure and console.input(f"Empty {folder} (lake, topics, database of earlier runs)? [y/N] ").lower() != "y":
        console.print("Nothing was emptied; run without --fresh to continue where the last run stopped.")
        return False
    empty_folder(folder, default=ROOT / "var")
    return True


if __name__ == "__main__":
    run(main)
