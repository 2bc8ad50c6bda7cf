"""Posts: the event at an index, made from (seed, start, rate, producer, index) and from conf/ alone."""

from typing import Any, Protocol

from streaming.producers.events import DELETION, DUPLICATE, VALID, Event, encode
from streaming.producers.synthetic.authors import Author, Population, make_population
from streaming.producers.synthetic.config import GeneratorConfig
from streaming.producers.synthetic.edge_cases import HOSTILE
from streaming.producers.synthetic.event_time import HOUR_MS, TimeText, minute_of
from streaming.producers.synthetic.expected_tags import count_tags, find_tags
from streaming.producers.synthetic.hashtags import Hashtags
from streaming.producers.synthetic.injection import Mix, Part, Role, Roles
from streaming.producers.synthetic.malformed import POST_FAULTS
from streaming.producers.synthetic.post_draft import Draft
from streaming.producers.synthetic.post_text import write_text
from streaming.producers.synthetic.random_words import RandomWords, Words, share_of, split_shares

TOPIC = "posts"


class Time(Protocol):
    """Event time of an index."""

    @property
    def per_second(self) -> float: ...

    def at(self, index: int) -> int: ...


class Posts:
    """The posts of one producer."""

    def __init__(self, seed: int, producer: int, config: GeneratorConfig, offset_hours: float) -> None:
        self._posts: dict[str, Any] = config.parameters["posts"]
        self._prefix = f"g{seed}-{producer}-"
        self._chance = RandomWords(seed, "posts", producer)
        self._population: Population = make_population(seed, self._posts)
        self._hashtags = Hashtags(seed, self._posts, config.topics)
        names = list(self._posts["languages"])
        self._languages = [names[n] for n in split_shares(list(self._posts["languages"].values()), 1000)]
        self._offset_ms = int(offset_hours * HOUR_MS)
        self._iso = TimeText()
        self._faults: dict[str, Any] = config.parameters["faults"]

    def start(self, time: Time, mix: Mix, first: int) -> None:
        """Sets what a run adds to the seed: its clock, its mix and its first index."""
        self._time = time
        self._roles = Roles(mix, self._faults, first, time.per_second)
        self._first = first

    def event(self, index: int) -> Event:
        """The event at an index."""
        words = self._chance.words(index)
        part = self._part(index, words)
        if part.role is Role.FAULT:
            return self._spoilt(index, words, part.other)
        if part.role is Role.TWIN:
            return self._valid(self._draft(part.other, self._chance.words(part.other), is_late=False))
        if part.role is Role.DUPLICATE:
            return self._repeated(part.other, words)
        if part.role is Role.DELETION:
            return self._deletion(part.other, self._time.at(index))
        return self._valid(self._draft(index, words, part.role is Role.LATE))

    def _part(self, index: int, words: Words) -> Part:
        settled = self._roles.settled(index)
        if settled is not None:
            return settled
        wish = self._roles.wish(words[0])
        if wish is Role.DUPLICATE:
            original = next((i for i in self._roles.originals(index, words[14]) if self._is_ordinary(i)), -1)
            return Part(Role.DUPLICATE, original) if original >= 0 else Part(Role.PLAIN)
        if wish is Role.PLAIN and self._wishes_deletion(words):
            lags = self._posts["deletion_lags"]
            number = words[15] % len(lags)
            target = index - lags[number]
            if target >= self._first and self._is_ordinary(target) and self._deletion_lag(target) == number:
                return Part(Role.DELETION, target)
        return Part(wish)

    def _deletion_lag(self, index: int) -> int:
        """The one lag after which a post may be deleted, so that nothing deletes it twice."""
        return self._chance.words(index)[13] % len(self._posts["deletion_lags"])

    def _wishes_deletion(self, words: Words) -> bool:
        return bool(share_of(words[11]) < self._posts["deletions"] * len(self._posts["deletion_lags"]))

    def _is_ordinary(self, index: int) -> bool:
        """Whether an index surely is a valid post of its own: the only kind that is repeated or deleted."""
        if self._roles.settled(index) is not None:
            return False
        words = self._chance.words(index)
        return self._roles.wish(words[0]) is not Role.DUPLICATE and not self._wishes_deletion(words)

    def _is_late(self, words: Words) -> bool:
        return self._roles.wish(words[0]) is Role.LATE

    def _draft(self, index: int, words: Words, is_late: bool) -> Draft:
        at_ms = self._time.at(index) - (self._roles.delay_ms(words) if is_late else 0)
        author = self._population.draw(words[1], (at_ms + self._offset_ms) // HOUR_MS % 24)
        draft = self._ordinary(index, at_ms, author, words)
        draft.late = is_late
        if share_of(words[10]) < self._posts["hostile"]:
            HOSTILE[words[10] % len(HOSTILE)](draft)
        return draft

    def _ordinary(self, index: int, at_ms: int, author: Author, words: Words) -> Draft:
        segment, lang = author.segment, self._language(author, words[2])
        low, high = segment.tags
        tags = [
            self._hashtags.draw(author, lang, at_ms, words[3 + n % 3] * (2 * n + 1) >> n & 0xFFFFFFFF)
            for n in range(low + (words[6] & 0xFFFF) % (high - low + 1))
        ]
        handles = []
        if share_of(words[7]) < segment.mentions:
            handles = [
                self._population.draw_mentioned(author, words[8] * (2 * n + 1) & 0xFFFFFFFF)
                for n in range(1 + words[7] % segment.mention_count)
            ]
        fields: dict[str, Any] = {
            "post_id": f"{self._prefix}{index}",
            "source": self._posts["source"],
            "author_id": author.id,
            "created_at": self._iso.text(at_ms),
            "text": write_text(lang, tags, handles, words[9]),
            "lang": lang,
        }
        if (words[6] >> 16) / 65536 < self._posts["tag_list"]:
            fields["hashtags"] = tags
        if (words[9] >> 24) / 256 < self._posts["mention_list"] and handles:
            fields["mentions"] = handles
        if share_of(words[13]) < segment.replies and index > 50:
            fields["in_reply_to"] = f"{self._prefix}{index - 1 - words[13] % 50}"
        return Draft(fields, at_ms)

    def _language(self, author: Author, word: int) -> str:
        if (word & 0xFFFF) / 65536 < self._posts["keeps_language"]:
            return author.language
        return str(self._languages[(word >> 16) % len(self._languages)])

    def _valid(self, draft: Draft) -> Event:
        fields = draft.fields
        raw_tags = fields.get("hashtags")
        tags = count_tags(find_tags(fields["text"]) if raw_tags is None else raw_tags)
        minute = minute_of(self._iso.text(draft.at_ms))
        facts = {"minute": minute, "lang": fields["lang"].lower(), "tags": tags, "source": fields["source"]}
        return Event(TOPIC, _key(fields), draft.value(), fields["post_id"], VALID, facts, draft.late)

    def _spoilt(self, index: int, words: Words, number: int) -> Event:
        fault = POST_FAULTS[number % len(POST_FAULTS)]
        fields = self._ordinary_draft(index, words).fields
        return Event(TOPIC, _key(fields), fault.spoil(fields), f"{self._prefix}{index}", fault.rule)

    def _repeated(self, original: int, words: Words) -> Event:
        draft = self._ordinary_draft(original, self._chance.words(original))
        if share_of(words[13]) < self._faults["edits"]:
            draft.fields["text"] += " (edit) #edited"
        return Event(TOPIC, _key(draft.fields), draft.value(), draft.fields["post_id"], DUPLICATE)

    def _deletion(self, target: int, at_ms: int) -> Event:
        deleted = self._ordinary_draft(target, self._chance.words(target)).fields
        fields = {
            "post_id": deleted["post_id"],
            "source": deleted["source"],
            "created_at": self._iso.text(at_ms),
            "kind": "deletion",
        }
        return Event(TOPIC, _key(deleted), encode(fields).encode(), deleted["post_id"], DELETION)

    def _ordinary_draft(self, index: int, words: Words) -> Draft:
        return self._draft(index, words, self._is_late(words))


def _key(fields: dict[str, Any]) -> bytes:
    return str(fields["author_id"]).encode()
