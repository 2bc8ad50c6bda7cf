"""The live page in Chromium on a real database: while data is added, while the database is stopped, and afterwards."""

import re
import subprocess
from datetime import UTC, datetime, timedelta

import psutil
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

HOSTILE = [
    "<script>document.title='hijacked'</script>",
    '"><img src=x onerror="document.title=\'hijacked\'">',
    "\u202eevil",
    "x" * 100,
    "مرحبا",
    "👩\u200d👩\u200d👧",
    "{{7*7}}",
    "&lt;b&gt;",
]
PAGE_MEGABYTES = 200


def posts_of(page: Page, hashtag: str) -> Locator:
    """The cell with the posts of a hashtag."""
    return page.locator(".ranking tbody tr").filter(has=page.get_by_title(f"#{hashtag}", exact=True)).locator(".strong")


def age_of(page: Page, stream: str) -> Locator:
    """The age of a stream."""
    return page.locator(".tile").filter(has_text=stream).locator(".age")


def seconds(age: str) -> int:
    """`1 min 05 s old` -> 65."""
    found = re.fullmatch(r"(?:(\d+) min )?(\d+) s old", age)
    assert found, age
    return 60 * int(found[1] or 0) + int(found[2])


@pytest.fixture(autouse=True)
def some_data(feed) -> None:
    """A hashtag and a machine, so that no test starts with an empty page."""
    for ago in range(3):
        feed.add_posts("rain", 5000, feed.minute(ago))
        feed.add_reading("machine-01", "temperature_c", 60.0, feed.minute(ago))
    feed.add_commit("posts", datetime.now(UTC), silver=1)


def test_numbers_change_without_a_reload(page: Page, feed) -> None:
    before = feed.count_posts("rain")
    expect(posts_of(page, "rain")).to_have_text(before)

    feed.add_posts("rain", 7, feed.minute())

    assert feed.count_posts("rain") != before
    expect(posts_of(page, "rain")).to_have_text(feed.count_posts("rain"))


def test_no_element_is_rebuilt_when_numbers_change(page: Page, feed) -> None:
    """A chart, a card or a row that is rebuilt flickers and loses its focus and its scroll position."""
    expect(page.locator("#chart .xtick").first).to_be_visible()
    kept = ["#chart .js-plotly-plot", "#chart .main-svg", ".ranking", ".card", ".card .spark"]
    for selector in kept:
        page.locator(selector).first.evaluate("element => { element.dataset.keptFrom = 'before'; }")

    feed.add_posts("rain", 7, feed.minute())
    feed.add_reading("machine-01", "temperature_c", 61.0, feed.minute())
    expect(posts_of(page, "rain")).to_have_text(feed.count_posts("rain"))

    for selector in kept:
        assert page.locator(selector).first.get_attribute("data-kept-from") == "before", selector


def test_a_machine_out_of_its_limits_is_named(page: Page, feed) -> None:
    feed.add_reading("machine-02", "temperature_c", 999.0, feed.minute())

    expect(page.locator(".attention")).to_contain_text("machine-02: temperature above limit")
    expect(page.locator("#machine-machine_2d02 .chip")).to_contain_text("above limit")
    expect(page.locator("#machine-machine_2d01 .chip")).to_contain_text("normal")


def test_hostile_hashtags_are_shown_as_text(page: Page, feed) -> None:
    """Markup that reached the page would also be a blocked script in the console, which fails every test."""
    for hashtag in HOSTILE:
        feed.add_posts(hashtag, 90_000, feed.minute())
    expect(page.locator(".ranking tbody tr")).to_have_count(len(HOSTILE) + 1)
    page.reload()  # now the page is built with them from the start

    expect(page.get_by_title(f"#{HOSTILE[0]}", exact=True)).to_be_visible()
    expect(page.get_by_title(f"#{HOSTILE[1]}", exact=True)).to_be_visible()
    expect(page.get_by_title("#{{7*7}}", exact=True)).to_be_visible()
    page.locator("#chart .nsewdrag").hover()  # the chart shows the names of its lines, too
    expect(page.locator("#chart .hoverlayer .legend")).to_contain_text("<script>")
    assert page.title() == "Afluente"
    assert page.locator("main script, main img[src=x], #chart a").count() == 0
    assert page.locator(".ranking .tag bdi").evaluate_all("all => all.every(tag => tag.dir === 'auto')")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_age_grows_while_no_data_arrives(page: Page, feed) -> None:
    feed.add_commit("readings", datetime.now(UTC) - timedelta(seconds=61), silver=1)
    expect(age_of(page, "Machine readings")).to_contain_text("1 min")
    first = seconds(age_of(page, "Machine readings").inner_text())

    page.wait_for_timeout(3000)
    second = seconds(age_of(page, "Machine readings").inner_text())
    page.reload()
    expect(age_of(page, "Machine readings")).to_contain_text("min")
    third = seconds(age_of(page, "Machine readings").inner_text())

    assert 61 <= first < 100
    assert 2 <= second - first <= 20
    assert third >= second, "a reload must not make the data look younger"
    expect(page.locator(".tile").filter(has_text="Machine readings").locator(".status")).to_have_text("delayed")


def test_a_new_event_resets_the_age(page: Page, feed) -> None:
    feed.add_commit("posts", datetime.now(UTC), silver=1)

    expect(age_of(page, "Posts")).to_have_text(re.compile(r"^\d{1,2} s old$"))
    expect(page.locator(".tile").filter(has_text="Posts").locator(".status")).to_have_text("live")


def test_quarantined_records_are_counted(page: Page, feed) -> None:
    feed.add_commit("machine_events", datetime.now(UTC), silver=41, duplicate=5, late=3, quarantine__malformed=2)

    row = page.locator(".counts tr").filter(has_text="Machine events")
    expect(row.locator("td")).to_have_text(["41", "3", "5", "0", re.compile(r"^2\s*unreadable 2$")])


def test_the_last_data_stays_while_the_database_is_stopped(page: Page, feed, database) -> None:
    shown = feed.count_posts("rain")
    expect(posts_of(page, "rain")).to_have_text(shown)
    expect(page.locator("#banner")).to_be_empty()

    database.stop()
    try:
        expect(page.locator("#banner")).to_contain_text(
            "The database is not answering. The page shows the last data that was read"
        )
        expect(page.locator("#banner .age")).to_have_text(re.compile(r"s old$"))
        expect(posts_of(page, "rain")).to_have_text(shown)
        page.reload()
        expect(posts_of(page, "rain")).to_have_text(shown)
        expect(page.locator("#banner")).to_contain_text("The database is not answering.")
    finally:
        database.start()

    feed.add_posts("rain", 11, feed.minute())
    expect(page.locator("#banner")).to_be_empty()
    assert feed.count_posts("rain") != shown
    expect(posts_of(page, "rain")).to_have_text(feed.count_posts("rain"))


def test_pause_stops_the_numbers_until_resume(page: Page, feed) -> None:
    before = feed.count_posts("rain")
    expect(posts_of(page, "rain")).to_have_text(before)
    page.get_by_role("button", name="Pause").click()

    feed.add_posts("rain", 7, feed.minute())
    expect(page.get_by_text("the numbers are not refreshed")).to_be_visible()
    page.wait_for_timeout(2500)
    during = posts_of(page, "rain").inner_text()
    page.get_by_role("button", name="Resume").click()

    assert during == before
    expect(posts_of(page, "rain")).to_have_text(feed.count_posts("rain"))


def test_the_page_shows_that_its_server_does_not_answer(chromium: Browser, page_process) -> None:
    page = chromium.new_page()
    page.goto(page_process[1])
    expect(posts_of(page, "rain")).to_be_visible()
    expect(page.locator("#disconnected")).to_be_hidden()

    page.route("**/_dash-update-component*", lambda route: route.abort())
    expect(page.locator("#disconnected")).to_be_visible()
    expect(posts_of(page, "rain")).to_be_visible()
    page.unroute("**/_dash-update-component*")

    expect(page.locator("#disconnected")).to_be_hidden()
    page.close()


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_is_wider_than_the_window(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    expect(page.locator(".card").first).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_server_needs_little_memory(page: Page, page_process: tuple[subprocess.Popen[bytes], str]) -> None:
    expect(posts_of(page, "rain")).to_be_visible()

    assert psutil.Process(page_process[0].pid).memory_info().rss < PAGE_MEGABYTES * 1024 * 1024
