"""Posts of the generator: the same inputs give the same posts, with exact verdicts."""

import json
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from streaming.producers.events import DELETION, DUPLICATE, VALID, Event
from streaming.producers.synthetic.config import GeneratorConfig, read_generator_config
from streaming.producers.synthetic.edge_cases import EDGE_CASES
from streaming.producers.synthetic.event_time import EvenTime
from streaming.producers.synthetic.expected_tags import count_tags, find_tags, fold_tag
from streaming.producers.synthetic.injection import InjectionShares
from streaming.producers.synthetic.malformed import MACHINE_EVENT_CORRUPTIONS, POST_CORRUPTIONS, READING_CORRUPTIONS
from streaming.producers.synthetic.posts import Posts
from streaming.producers.synthetic.random_words import RandomWords

START_MS = 1_795_000_000_000
COUNT = 8_000
RULES = {
    "malformed",
    "wrong_type",
    "missing_field",
    "unknown_kind",
    "nul_character",
    "too_long",
    "bad_time",
    "ancient_time",
    "future_time",
    "impossible_value",
}
REQUIRED = ("post_id", "source", "author_id", "created_at", "text", "lang")


@pytest.fixture(scope="module")
def config() -> GeneratorConfig:
    return read_generator_config(Path(__file__).parents[2] / "conf")


def make_posts(
    config: GeneratorConfig, producer: int = 0, seed: int = 7, shares: InjectionShares | None = None, first: int = 0
) -> Posts:
    posts = Posts(seed, producer, config, utc_offset_hours=-3)
    posts.start(EvenTime(START_MS, 500, first), shares or InjectionShares(0.04, 0.04, 0.05), first)
    return posts


@pytest.fixture(scope="module")
def events(config: GeneratorConfig) -> list[Event]:
    posts = make_posts(config)
    return [posts.event(index) for index in range(COUNT)]


def read_value(event: Event) -> dict[str, object]:
    assert event.value is not None
    fields, _ = json.JSONDecoder().raw_decode(event.value.decode().lstrip())
    assert isinstance(fields, dict)
    return fields


def test_same_seed_and_start_give_the_same_events_in_any_order_of_calls(
    config: GeneratorConfig, events: list[Event]
) -> None:
    again = make_posts(config)
    indexes = [4_711, 17, 7_999, 300, 0]
    assert [again.event(index) for index in indexes] == [events[index] for index in indexes]


@pytest.mark.parametrize(("producer", "seed"), [(1, 7), (0, 8)])
def test_other_producer_or_seed_gives_other_posts_and_other_ids(
    config: GeneratorConfig, producer: int, seed: int, events: list[Event]
) -> None:
    others = make_posts(config, producer, seed)
    sample = [others.event(index) for index in range(500)]
    assert not {event.id for event in sample} & {event.id for event in events}
    assert not {event.value for event in sample if event.expected} & {event.value for event in events}


def test_the_shares_are_those_that_were_requested(events: list[Event]) -> None:
    verdicts = Counter(event.verdict for event in events)
    assert sum(verdicts[rule] for rule in RULES) == COUNT * 0.04
    assert verdicts[DUPLICATE] == pytest.approx(COUNT * 0.04, rel=0.2)
    assert sum(event.late for event in events) == pytest.approx(COUNT * 0.05, rel=0.2)
    assert verdicts[DELETION] == pytest.approx(COUNT * 0.004, rel=0.6)


def test_the_corruptions_cover_every_rule() -> None:
    of_posts = {corruption.rule for corruption in POST_CORRUPTIONS}
    of_readings = {corruption.rule for corruption in READING_CORRUPTIONS}
    assert of_posts == RULES - {"impossible_value"}
    assert of_readings == RULES - {"unknown_kind"}
    assert {corruption.rule for corruption in MACHINE_EVENT_CORRUPTIONS} == RULES - {"impossible_value", "wrong_type"}


def test_malformed_events_use_all_corruptions_in_turn(config: GeneratorConfig) -> None:
    posts = make_posts(config, shares=InjectionShares(malformed=1.0))
    assert [posts.event(index).verdict for index in range(len(POST_CORRUPTIONS))] == [
        corruption.rule for corruption in POST_CORRUPTIONS
    ]


def test_a_valid_post_breaks_no_rule(events: list[Event]) -> None:
    for event in events:
        if event.verdict == VALID:
            fields = read_value(event)
            assert all(fields[name] is not None for name in REQUIRED)
            assert all(fields[name] != "" for name in REQUIRED if name != "text")
            assert len(str(fields["text"])) <= 10_000
            assert "\x00" not in json.dumps(fields)


def test_every_id_is_valid_only_once(events: list[Event]) -> None:
    valid = Counter(event.id for event in events if event.verdict == VALID)
    assert set(valid.values()) == {1}


def test_a_duplicate_follows_its_valid_original_in_the_same_partition(events: list[Event]) -> None:
    seen: dict[str, Event] = {}
    edited = 0
    for event in events:
        if event.verdict == DUPLICATE:
            original = seen[event.id]
            edited += event.value != original.value
            assert event.key == original.key
        elif event.verdict == VALID:
            seen[event.id] = event
    duplicates = sum(event.verdict == DUPLICATE for event in events)
    assert 0 < edited < duplicates * 0.2


def test_no_post_is_deleted_twice_and_only_posts_that_were_sent(events: list[Event]) -> None:
    sent: set[str] = set()
    deleted = []
    for event in events:
        if event.verdict == DELETION:
            assert event.id in sent
            assert set(read_value(event)) == {"post_id", "source", "created_at", "kind"}
            deleted.append(event.id)
        elif event.verdict == VALID:
            sent.add(event.id)
    assert len(deleted) == len(set(deleted)) > 10


def test_some_malformed_events_are_followed_by_a_corrected_one_with_the_same_id(events: list[Event]) -> None:
    malformed = {event.id for event in events if event.verdict in RULES}
    corrected = [event for event in events if event.verdict == VALID and event.id in malformed]
    assert len(corrected) == pytest.approx(len(malformed) / 4, abs=2)


def test_late_posts_carry_the_minute_of_their_own_time(events: list[Event]) -> None:
    late = [event for event in events if event.late]
    for event in late:
        assert event.expected is not None
        created_at = str(read_value(event)["created_at"])
        if created_at.endswith("Z"):
            assert event.expected["minute"] == created_at[:16] + ":00Z"
            assert event.expected["minute"] < "2026-11-18T11:06"


def test_a_continued_run_duplicates_and_deletes_nothing_of_earlier_runs(config: GeneratorConfig) -> None:
    posts = make_posts(config, first=5_000)
    ids = [event.id for event in (posts.event(index) for index in range(5_000, 6_000)) if event.verdict != VALID]
    assert ids
    assert all(int(event_id.rpartition("-")[2]) >= 5_000 for event_id in ids)


@pytest.mark.parametrize(
    ("raw", "folded"),
    [
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("\uff26\uff35\uff34", "fut"),
        ("\ufb01nal", "final"),
        ("cafe\u0301", "caf\u00e9"),
        ("  #Spaced ", "spaced"),
        ("##two", "#two"),
        ("\u0130x", "i\u0307x"),
        ("#", ""),
        (" ", ""),
    ],
)
def test_all_spellings_of_a_tag_fold_to_one(raw: str, folded: str) -> None:
    assert fold_tag(raw) == folded


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#a#b", ["a"]),
        ("a#no ##yes.", ["yes"]),
        ("(#paren) #with-dash", ["paren", "with"]),
        ("# #_", ["_"]),
        ("#\u0645\u0631\u062d\u0628\u0627!", ["\u0645\u0631\u062d\u0628\u0627"]),
        ("#x\U0001f44d#y", ["x", "y"]),
    ],
)
def test_tags_are_found_in_text(text: str, tags: list[str]) -> None:
    assert find_tags(text) == tags


def test_only_thirty_tags_of_at_most_a_hundred_characters_count() -> None:
    tags = count_tags(["x" * 101, "X" * 100, "x" * 100, *(f"t{number}" for number in range(50))])
    assert tags == ["x" * 100, *(f"t{number}" for number in range(29))]


def test_every_edge_case_stays_a_readable_valid_post(config: GeneratorConfig) -> None:
    always = GeneratorConfig(
        config.parameters | {"posts": config.parameters["posts"] | {"hostile": 1.0}}, config.topics, config.factory
    )
    posts = make_posts(always, shares=InjectionShares())
    texts = set()
    for index in range(1_500):
        event = posts.event(index)
        if event.verdict == VALID:
            fields = read_value(event)
            assert {"post_id", "text", "lang"} <= set(fields)
            texts.add(str(fields["text"]))
    assert len(EDGE_CASES) >= 25
    for marker in ("<script>", "\u200d", "\u202e", '"no"', "\ufb01nal", "\u0130stanbul", "#many44"):
        assert any(marker in text for text in texts), marker
    assert any(len(text.encode()) > 10_000 for text in texts)


def test_random_words_depend_on_every_name() -> None:
    words = [RandomWords(*names).words(1) for names in ((7, "a"), (7, "b"), (8, "a"), (7, "a", 0))]
    assert all(one != other for one, other in combinations(words, 2))
