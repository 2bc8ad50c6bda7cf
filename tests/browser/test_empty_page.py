"""The page before the first data."""

from playwright.sync_api import Page, expect


def test_an_empty_page_shows_how_to_start_and_updates_without_a_reload(page: Page, feed) -> None:
    expect(page.get_by_role("heading", name="No data yet")).to_be_visible()
    expect(page.locator("code")).to_have_text("./spark-submit.sh demo")
    expect(page.locator("main")).to_be_hidden()

    feed.add_posts("rain", 3, feed.minute())
    feed.add_commit("posts", feed.minute(), silver=3)

    expect(page.locator(".ranking tbody tr")).to_have_count(1)
    expect(page.locator("#chart .js-plotly-plot .scatterlayer .trace").first).to_be_attached()
    expect(page.get_by_role("heading", name="No data yet")).to_have_count(0)
