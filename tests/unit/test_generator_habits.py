"""The configured patterns are visible in the posts: segments, hubs, trends, hours, languages."""

from collections import Counter
from pathlib import Path

import pytest

from streaming.producers.events import Event
from streaming.producers.synthetic.authors import Population, make_population
from streaming.producers.synthetic.config import GeneratorConfig, read_generator_config
from streaming.producers.synthetic.event_time import EvenTime
from streaming.producers.synthetic.hashtags import Hashtags, Trend
from streaming.producers.synthetic.injection import InjectionShares
from streaming.producers.synthetic.posts import Posts

MINUTE_MS = 60_000
START_MS = 1_795_000_000_000
NOON_MS = (
    START_MS // 86_400_000 * 86_400_000 + 15 * 3_600_000
)  # 12:00 in the time zone of the factory and of the authors


@pytest.fixture(scope="module")
def config() -> GeneratorConfig:
    return read_generator_config(Path(__file__).parents[2] / "conf")


@pytest.fixture(scope="module")
def population(config: GeneratorConfig) -> Population:
    return make_population(7, config.parameters["posts"])


def draw(config: GeneratorConfig, start_ms: int, count: int = 4_000) -> list[Event]:
    posts = Posts(7, 0, config, utc_offset_hours=-3)
    posts.start(EvenTime(start_ms, 1_000, 0), InjectionShares(), 0)
    return [event for event in (posts.event(index) for index in range(count)) if event.expected]


def segment_shares(population: Population, events: list[Event]) -> Counter[str]:
    segments = {author.key: author.segment.name for author in population.authors}
    return Counter(segments[event.key] for event in events if event.key in segments)


def test_segments_have_their_share_of_the_authors(config: GeneratorConfig, population: Population) -> None:
    shares = Counter(author.segment.name for author in population.authors)
    for name, values in config.parameters["posts"]["segments"].items():
        assert shares[name] == pytest.approx(values["authors"] * len(population.authors), rel=0.02)
    assert len({author.id for author in population.authors}) == len(population.authors)


def test_bots_post_at_night_and_fans_in_the_evening(config: GeneratorConfig, population: Population) -> None:
    night = segment_shares(population, draw(config, NOON_MS - 8 * 3_600_000))
    evening = segment_shares(population, draw(config, NOON_MS + 8 * 3_600_000))
    assert night["bot"] > 1.5 * evening["bot"]
    assert evening["fan"] > 2 * night["fan"]


def test_segments_differ_in_their_number_of_tags(config: GeneratorConfig, population: Population) -> None:
    segments = {author.key: author.segment.name for author in population.authors}
    tags: dict[str, list[int]] = {}
    for event in draw(config, NOON_MS):
        if event.key in segments and event.expected:
            tags.setdefault(segments[event.key], []).append(len(event.expected["tags"]))
    mean = {name: sum(numbers) / len(numbers) for name, numbers in tags.items()}
    assert mean["lurker"] < mean["fan"] < mean["influencer"] < mean["bot"]


def test_mentions_concentrate_on_the_hubs(population: Population) -> None:
    author = population.authors[17]
    mentioned = Counter(population.draw_mentioned(author, word * 2654435761 & 0xFFFFFFFF) for word in range(20_000))
    hubs = [mentioned[hub.id] for hub in population.hubs]
    assert sum(hubs) == pytest.approx(20_000 * 0.65, rel=0.05)
    assert hubs[0] > 4 * hubs[20] > 0
    assert {hub.segment.name for hub in population.hubs} <= {"influencer", "newsroom"}


def test_languages_follow_their_shares(config: GeneratorConfig) -> None:
    events = draw(config, NOON_MS)
    languages = Counter(event.expected["lang"].partition("-")[0] for event in events if event.expected)
    for lang, share in config.parameters["posts"]["languages"].items():
        assert languages[lang] / len(events) == pytest.approx(share, abs=0.06)


def test_a_trend_rises_to_its_peak_and_falls_slower(config: GeneratorConfig) -> None:
    trend = _next_flash(config)
    before, peak, after = (trend.boost(trend.peak_ms + minutes * MINUTE_MS) for minutes in (-1, 0, 1))
    assert before < after < peak == pytest.approx(0.35)


def test_a_flash_shows_in_the_posts_around_its_peak(config: GeneratorConfig) -> None:
    trend = _next_flash(config)
    posts = config.parameters["posts"]
    author = make_population(7, posts).authors[0]
    hashtags = Hashtags(7, posts, config.topics)
    at_peak, before = (
        Counter(hashtags.draw(author, "pt", at_ms, word * 2654435761 & 0xFFFFFFFF) for word in range(5_000))
        for at_ms in (trend.peak_ms, trend.peak_ms - 4 * MINUTE_MS)
    )
    risen = [tag for tag in at_peak if at_peak[tag] > before[tag] + 500]
    assert len(risen) == 1
    assert risen[0] in [*config.topics[trend.topic]["pt"], *config.topics[trend.topic]["any"]]


def _next_flash(config: GeneratorConfig) -> Trend:
    hashtags = Hashtags(7, config.parameters["posts"], config.topics)
    return next(trend for trend in hashtags.trends_at(NOON_MS) if trend.layer.name == "flashes")
