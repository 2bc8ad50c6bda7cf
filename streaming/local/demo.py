"""The demo: starts services, topics, migrations, stream, generator and page, watches them, stops them; may verify.

Order of stopping: generator, page and stream first, then the services that this run started.
"""

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from streaming.errors import ReadTheLog
from streaming.kafka_admin import create_topics
from streaming.local.child_jobs import ChildJobs, JobEnded, read_last_meaningful_line
from streaming.local.demo_report import draw_checks, draw_figures, save_report
from streaming.local.lag_sampler import LagSampler
from streaming.local.latency import measure
from streaming.local.processes import is_port_free, require_free_port, wait_until
from streaming.local.services import Service
from streaming.settings import KafkaSettings
from warehouse.database.connections import connect, read_sql
from warehouse.settings import PageSettings

_STREAM_SECONDS = 120.0  # 10 s on an idle machine
_CATCH_UP_SECONDS = 300.0
_WARM_UP = timedelta(seconds=30)  # the first batches compile; the figures leave them out, as their title says
_GRACE_SECONDS = 7.0  # then broker and database stop: all is gone within 10 s of Ctrl-C
_DRAIN_GRACE_SECONDS = 60.0
_FIRST_QUERIES = ("posts", "readings")  # must run before the first event is sent


@dataclass(frozen=True)
class Plan:
    """What to run.

    `minutes` None: until it is stopped; `generate`: words for the job `generate`; `page` None: no page.
    """

    minutes: float | None
    generate: tuple[str, ...]
    posts_per_second: float
    page: PageSettings | None
    kafka: KafkaSettings
    lake: Path
    journal: Path
    reports: Path
    writer_url: Callable[[], str]


class Demo:
    """One run of the demo."""

    def __init__(self, plan: Plan, services: list[Service], children: ChildJobs, console: Console) -> None:
        self._plan = plan
        self._services = services
        self._children = children
        self._console = console
        self._started: list[Service] = []
        self._sampler: LagSampler | None = None

    def run(self) -> int:
        """Starts everything, watches it and stops it.

        Returns 0 after a clean stop; with `minutes` 0 where `verify` finds no difference, else 1.

        Raises:
            KeyboardInterrupt: interrupted before `minutes` were over, so that nothing was verified.
            JobEnded: a job ended by itself.
        """
        try:
            self._start()
            self._console.print(self._describe())
            began = datetime.now(UTC)
            self._watch()
            return self._verify_run(began)
        except KeyboardInterrupt:
            self._console.print("stopping ...")
            if self._plan.minutes is not None:
                raise
            return 0
        finally:
            self._stop()

    def _start(self) -> None:
        page = self._plan.page
        if page:
            require_free_port(page.port, "page.port", page.host)
        for service in self._services:
            self._start_service(service)
        with self._step("topics and tables"):
            create_topics(self._plan.kafka)
            self._children.run("migrate")
        with self._step("stream"):
            self._start_stream()
        with self._step("generator" if page is None else "generator and page"):
            self._children.start("generate", *self._plan.generate)
            if page:
                self._children.start("dashboard")
                self._wait_for(lambda: not is_port_free(page.port, page.host), "dashboard", _STREAM_SECONDS)

    def _start_service(self, service: Service) -> None:
        if not service.embedded or service.is_running():
            return
        with self._step(service.name):
            self._started.append(service)  # before its start, so that an interrupted start is stopped too
            service.start(True)

    def _start_stream(self) -> None:
        began = datetime.now(UTC)
        child = self._children.start("stream")
        self._wait_for(lambda: set(_FIRST_QUERIES) <= self._read_started_queries(began), "stream", _STREAM_SECONDS)
        self._sampler = LagSampler(self._plan.kafka, self._plan.writer_url(), child.process.pid)
        self._sampler.start()

    def _read_started_queries(self, since: datetime) -> set[str]:
        """Queries that have acquired their fence since then."""
        database = connect(self._plan.writer_url(), application_name="afluente demo")
        with closing(database), database.cursor() as cursor:
            cursor.execute(read_sql("ledger/taken_since.sql"), {"since": since})
            return {query for (query,) in cursor.fetchall()}

    def _wait_for(self, condition: Callable[[], bool], what: str, seconds: float) -> None:
        def met() -> bool:
            self._children.check()
            return condition()

        if not wait_until(met, seconds, poll_seconds=0.5):
            raise ReadTheLog(
                f"{what} did not get so far within {seconds:.0f} s; its log: {self._children.logs / what}.log"
            )

    def _watch(self) -> None:
        """Returns when the minutes are over; without minutes only a signal or the end of a child job ends it."""
        minutes = self._plan.minutes
        deadline = None if minutes is None else time.monotonic() + minutes * 60
        with self._console.status("") as status:
            while deadline is None or time.monotonic() < deadline:
                self._children.check()
                lag = self._sampler.newest_lag if self._sampler else None
                left = "" if deadline is None else f", {max(0, deadline - time.monotonic()):.0f} s left"
                status.update(f"running{left}; records not yet in the warehouse: {'?' if lag is None else lag}")
                time.sleep(0.5)

    def _verify_run(self, began: datetime) -> int:
        """Stops the generator, lets the stream read everything, runs `verify` and writes the report."""
        with self._step("generator stops"):
            self._children.stop("generate", grace_seconds=_DRAIN_GRACE_SECONDS)
        ended = time.time()
        sampler = self._sampler
        if sampler is None:
            raise AssertionError("the stream is started before the run is verified")
        with self._step("stream catches up"):
            self._wait_for(lambda: sampler.has_caught_up_since(ended), "stream", _CATCH_UP_SECONDS)
        with self._step("stream drains to gold and stops"):
            sampler.stop()
            self._children.finish("stream", signal.SIGUSR1, _CATCH_UP_SECONDS)
        with self._step("verify"):
            verdict = self._run_verify()
        with closing(connect(self._plan.writer_url(), application_name="afluente demo")) as connection:
            figures = measure(self._plan.journal, connection, sampler.samples, (began + _WARM_UP, ended))
        report = self._plan.reports / f"demo-{began:%Y%m%dT%H%M%SZ}.json"
        save_report(report, verdict, figures)
        self._console.print(
            draw_checks(verdict),
            draw_figures(figures, _WARM_UP, self._plan.posts_per_second),
            f"report: {report}",
            sep="\n",
        )
        return 0 if verdict["exact"] else 1

    def _run_verify(self) -> dict[str, Any]:
        answer = self._plan.reports / "verify.json"
        self._children.run("verify", "--json", "--drained", output=answer, codes=(0, 1))
        try:
            verdict: dict[str, Any] = json.loads(answer.read_text())
        except ValueError:
            log = self._children.logs / "verify.log"
            raise JobEnded(f"verify printed no JSON: {read_last_meaningful_line(log)} (log: {log})") from None
        return verdict

    def _stop(self) -> None:
        """Child jobs first, then the services of this run. After a second Ctrl-C the kernel ends what is left."""
        if self._sampler:
            self._sampler.stop(timeout_seconds=0)
        with self._step("stop"):
            self._children.stop(grace_seconds=_GRACE_SECONDS)
            for service in reversed(self._started):
                service.stop()

    def _describe(self) -> Table:
        page = self._plan.page
        table = Table("what runs", "where")
        table.add_row("page", f"http://{page.host}:{page.port}" if page else "not started (--no-page)")
        for service in self._services:
            table.add_row(service.name, service.address + ("" if service.embedded else " (configured)"))
        table.add_row("lake", str(self._plan.lake))
        table.add_row("logs", str(self._children.logs))
        ending = "Ctrl-C" if self._plan.minutes is None else f"by itself after {self._plan.minutes:g} min, or Ctrl-C"
        table.add_row("to stop", ending)
        return table

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        """A spinner while it lasts (on a terminal), then a line that stays."""
        began = time.monotonic()
        with self._console.status(f"{name} ..."):
            yield
        self._console.print(f"{name}: done in {time.monotonic() - began:.1f} s")
