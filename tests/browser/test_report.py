"""The report in Chromium, on paper and on a phone: nothing is wider than the page, nothing is fetched."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from jobs.report import main
from tests.support.week_of_facts import load_week
from warehouse.settings import PostgresSettings

PAPER, PHONE, SCREEN = 794, 390, 1280  # CSS pixels; A4 is 210 mm wide
PRINTED = 703  # A4 without the margins of the style sheet
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
    .filter(element => !element.closest("svg") && !["SCRIPT", "STYLE"].includes(element.tagName))
    .filter(element => element.getBoundingClientRect().right > innerWidth + 0.5
        || (element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== "inline"))
    .map(element => `${element.tagName}#${element.id}.${element.className}`)"""

CUT = """() => [...document.querySelectorAll(".plot")]
    .filter(place => place.querySelector("svg").width.baseVal.value > place.clientWidth).map(place => place.id)"""


@pytest.fixture(scope="module")
def report(postgres: PostgresSettings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The HTML of the newest day of the week of facts, of six machines."""
    load_week(postgres, "afluente", machines=6)
    folder = tmp_path_factory.mktemp("report")
    places = (f"var={folder}", f"postgres.port={postgres.port}", f"postgres.secrets={postgres.secrets}")
    assert main(["--profile", "test", *(word for place in places for word in ("--set", place))]) == 0
    (path,) = (folder / "reports").iterdir()
    return path


@pytest.fixture
def opened(chromium: Browser, report: Path) -> Iterator[Page]:
    """The report, drawn; an error in the console (a blocked script is one) or a further request fails the test."""
    page = chromium.new_page()
    errors: list[str] = []
    requests: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None)
    page.on("request", lambda request: requests.append(request.url))
    page.goto(report.as_uri())
    page.wait_for_selector("html[data-charts]", state="attached")
    yield page
    page.close()
    assert errors == []
    assert set(requests) == {report.as_uri()}


@pytest.mark.parametrize("width", [PHONE, PAPER, SCREEN])
def test_nothing_is_wider_than_the_page(opened: Page, width: int) -> None:
    opened.set_viewport_size({"width": width, "height": 900})
    opened.reload()
    opened.wait_for_selector("html[data-charts]", state="attached")

    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    assert opened.evaluate(TOO_WIDE) == []


def test_every_chart_is_drawn_beside_its_table_with_its_csv(opened: Page) -> None:
    assert opened.locator(".plot").count() >= 8
    assert opened.locator(".plot .main-svg").first.is_visible()
    assert opened.locator(".plot:not(:has(.main-svg))").count() == 0
    assert opened.locator(".plot").count() == opened.locator(".pair:has(.plot):has(table):has(a[download])").count()
    with opened.expect_download() as started:
        opened.locator("#failures a[download]").click()
    assert started.value.suggested_filename == "afluente_failures_20260307T1234Z_20260308T1234Z.csv"
    lines = Path(started.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("Machine,Failed at (UTC)")
    assert lines[2].endswith(",'=cmd|' /C calc'!A0")


def test_a_chart_fits_on_paper_when_it_is_printed(opened: Page) -> None:
    opened.set_viewport_size({"width": SCREEN, "height": 900})
    opened.evaluate("dispatchEvent(new Event('beforeprint'))")
    opened.emulate_media(media="print")
    opened.set_viewport_size({"width": PRINTED, "height": 1000})

    expect(opened.locator("nav")).to_be_hidden()
    assert opened.evaluate(TOO_WIDE) == []
    assert opened.evaluate(CUT) == []


def test_texts_of_the_database_are_text(opened: Page) -> None:
    expect(opened.locator("#top td").filter(has_text="<script>alert(1)</script>")).to_be_visible()
    expect(opened.locator("#failures td").filter(has_text="<img src=x")).to_be_visible()
    assert opened.locator("main script, main img").count() == 0
