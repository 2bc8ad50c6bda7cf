"""The report and the model card in Chromium, on paper and on a phone: nothing is wider than the page or is fetched."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from jobs.report import main
from tests.support.model_manifest import MEANS, make_manifest
from tests.support.week_of_facts import load_week
from warehouse.reports.model_card import render_card
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


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card of a version with six segments, most with long names."""
    segments = [
        {
            "id": n,
            "name": f"many mentions, in the afternoon, always the same hashtags ({n})",
            "authors": n,
            "means": MEANS,
        }
        for n in range(1, 7)
    ]
    content = {**make_manifest()["content"], "segments": segments}
    path = tmp_path_factory.mktemp("card") / "card.html"
    path.write_text(render_card(make_manifest(content=content), "the first version"), encoding="utf-8")
    return path


@pytest.fixture
def opened(chromium: Browser, report: Path) -> Iterator[Page]:
    """The report, drawn."""
    yield from open_page(chromium, report)


@pytest.fixture(params=["report", "card"])
def either(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The report, then the card."""
    yield from open_page(chromium, request.getfixturevalue(request.param))


def open_page(chromium: Browser, file: Path) -> Iterator[Page]:
    """The file, drawn; an error in the console (a blocked script is one) or a further request fails the test."""
    page = chromium.new_page()
    errors: list[str] = []
    requests: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None)
    page.on("request", lambda request: requests.append(request.url))
    page.goto(file.as_uri())
    page.wait_for_selector("html[data-charts]", state="attached")
    yield page
    page.close()
    assert errors == []
    assert set(requests) == {file.as_uri()}


@pytest.mark.parametrize("width", [PHONE, PAPER, SCREEN])
def test_nothing_is_wider_than_the_page(either: Page, width: int) -> None:
    either.set_viewport_size({"width": width, "height": 900})
    either.reload()
    either.wait_for_selector("html[data-charts]", state="attached")

    assert either.evaluate("document.documentElement.scrollWidth") <= width
    assert either.evaluate(TOO_WIDE) == []


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


def test_a_chart_fits_on_paper_when_it_is_printed(either: Page) -> None:
    either.set_viewport_size({"width": SCREEN, "height": 900})
    either.evaluate("dispatchEvent(new Event('beforeprint'))")
    either.emulate_media(media="print")
    either.set_viewport_size({"width": PRINTED, "height": 1000})

    expect(either.locator("nav")).to_be_hidden()
    assert either.evaluate(TOO_WIDE) == []
    assert either.evaluate(CUT) == []


def test_texts_of_the_database_are_text(opened: Page) -> None:
    expect(opened.locator("#top td").filter(has_text="<script>alert(1)</script>")).to_be_visible()
    expect(opened.locator("#failures td").filter(has_text="<img src=x")).to_be_visible()
    assert opened.locator("main script, main img").count() == 0
