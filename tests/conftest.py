"""What all suites share: the fixtures of `tests/support`, the rule on skipped tests, and a clean environment."""

import os
from collections.abc import Iterator

import pytest

pytest_plugins = ["tests.support.fixtures", "tests.support.faults.fixtures"]
pytest.register_assert_rewrite("tests.support")  # its other modules are no plugins, and have asserts too

_IN_CI = os.environ.get("CI", "").lower() == "true"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Fails a skipped test in CI: it has verified nothing."""
    report = yield
    if _IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {item.nodeid}: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Fails a file that skips itself during its import in CI."""
    report = yield
    if _IN_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {collector.nodeid}: {report.longrepr}"
    return report


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Removes the caller's AFLUENTE_* variables for one test."""
    for name in list(os.environ):
        if name.startswith("AFLUENTE_"):
            monkeypatch.delenv(name)
    return monkeypatch
