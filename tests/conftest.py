"""What all suites share. Fixtures live in files of their own, one per piece; they are registered here."""

import os
from collections.abc import Iterator

import pytest

pytest_plugins = [
    "tests.support.kafka",
    "tests.support.postgres",
    "tests.support.stream",
    "tests.support.faults.fixtures",
    "tests.support.faults.lakehouse",
]

_IN_CI = os.environ.get("CI", "").lower() == "true"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """A test that was skipped has proven nothing."""
    report = yield
    if _IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {item.nodeid}: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """The same for a file that skips itself while it is imported."""
    report = yield
    if _IN_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {collector.nodeid}: {report.longrepr}"
    return report


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No AFLUENTE_* variable of the caller reaches the test."""
    for name in list(os.environ):
        if name.startswith("AFLUENTE_"):
            monkeypatch.delenv(name)
    return monkeypatch
