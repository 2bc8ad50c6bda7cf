"""The post at an index: a function of (seed, start, rate, producer, index) and conf/."""

from typing import Any

from streaming.producers.events import DELETION, DUPLICATE, VALID, Event, encode
from streaming.producers.synthetic.authors import Author, Population, make_population
from streaming.producers.synthetic.config import GeneratorConfig
from streaming.producers.synthetic.edge_cases import EDGE_CASES
from streaming.producers.synthetic.event_time import HOUR_MS, EventTime, TimeText, minute_of
from streaming.producers.synthetic.expected_tags import count_tags, find_tags
from streaming.producers.synthetic.hashtags import Hashtags
from streaming.producers.synthetic.injection import Assignment, Injection, InjectionSchedule, InjectionShares
from streaming.producers.synthetic.malformed import POST_CORRUPTIONS
from streaming.producers.synthetic.post_draft import Draft
from streaming.producers.synthetic.post_text import write_text
from streaming.producers.synthetic.random_words import RandomWords, Words, split_shares, uniform_of

TOPIC = "posts"


class Posts:
    """The posts of one producer."""

    def __init__(self, seed: int, producer: int, config: GeneratorConfig, utc_offset_hours: float) -> None:
        self._posts: dict[str, Any] = config.parameters["posts"]
        self._prefix = f"g{seed}-{producer}-"
        self._random = RandomWords(seed, "posts", producer)
        self._population: Population = make_population(seed, self._posts)
        self._hashtags = Hashtags(seed, self._posts, config.topics)
        names = list(self._posts["languages"])
        self._languages = [names[n] for n in split_shares(list(self._posts["languages"].values()), 1000)]
        self._utc_offset_ms = int(utc_offset_hours * HOUR_MS)
        self._iso = TimeText()
        self._faults: dict[str, Any] = config.parameters["faults"]

    def start(self, time: EventTime, shares: InjectionShares, first: int) -> None:
        """Sets the parameters of a run; the event `first` is the first one of the run. Call it before `event`."""
        self._time = time
        self._schedule = InjectionSchedule(shares, self._faults, first, time.per_second)
        self._first = first

    def event(self, index: int) -> Event:
        """The post, duplicate, deletion or malformed record at an index."""
        words = self._random.words(index)
        assignment = self._assign(index, words)
        if assignment.injection is Injection.MALFORMED:
            return self._malformed_event(index, words, assignment.other)
        if assignment.injection is Injection.CORRECTED:
            return self._valid_event(self._draft(assignment.other, self._random.words(assignment.other), is_late=False))
        if assignment.injection is Injection.DUPLICATE:
            return self._duplicate_event(assignment.other, words)
        if assignment.injection is Injection.DELETION:
            return self._deletion_event(assignment.other, self._time.at(index))
        return self._valid_event(self._draft(index, words, assignment.injection is Injection.LATE))

    def _assign(self, index: int, words: Words) -> Assignment:
        fixed = self._schedule.find_fixed(index)
        if fixed is not None:
            return fixed
        injection = self._schedule.draw(words[0])
        if injection is Injection.DUPLICATE:
            original = next(
                (i for i in self._schedule.original_candidates(index, words[14]) if self._is_ordinary(i)), -1
            )
            return Assignment(Injection.DUPLICATE, original) if original >= 0 else Assignment(Injection.NONE)
        if injection is Injection.NONE and self._draws_deletion(words):
            lags = self._posts["deletion_lags"]
            number = words[15] % len(lags)
            target = index - lags[number]
            if target >= self._first and self._is_ordinary(target) and self._deletion_lag(target) == number:
                return Assignment(Injection.DELETION, target)
        return Assignment(injection)

    def _deletion_lag(self, index: int) -> int:
        """The number of the only lag at which a post may be deleted, so that no post is deleted twice."""
        return self._random.words(index)[13] % len(self._posts["deletion_lags"])

    def _draws_deletion(self, words: Words) -> bool:
        return bool(uniform_of(words[11]) < self._posts["deletions"] * len(self._posts["deletion_lags"]))

    def _is_ordinary(self, index: int) -> bool:
        """Whether this index sent a valid post with its own id: only such posts are duplicated or deleted."""
        if self._schedule.find_fixed(index) is not None:
            return False
        words = self._random.words(index)
        return self._schedule.draw(words[0]) is not Injection.DUPLICATE and not self._draws_deletion(words)

    def _is_late(self, words: Words) -> bool:
        return self._schedule.draw(words[0]) is Injection.LATE

    def _draft(self, index: int, words: Words, is_late: bool) -> Draft:
        at_ms = self._time.at(index) - (self._schedule.delay_ms(words) if is_late else 0)
        author = self._population.draw(words[1], (at_ms + self._utc_offset_ms) // HOUR_MS % 24)
        draft = self._plain_draft(index, at_ms, author, words)
        draft.late = is_late
        if uniform_of(words[10]) < self._posts["hostile"]:
            EDGE_CASES[words[10] % len(EDGE_CASES)](draft)
        return draft

    def _plain_draft(self, index: int, at_ms: int, author: Author, words: Words) -> Draft:
        segment, lang = author.segment, self._language(author, words[2])
        low, high = segment.tags
        tags = [
            self._hashtags.draw(author, lang, at_ms, words[3 + n % 3] * (2 * n + 1) >> n & 0xFFFFFFFF)
            for n in range(low + (words[6] & 0xFFFF) % (high - low + 1))
        ]
        handles = []
        if uniform_of(words[7]) < segment.mentions:
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
        if uniform_of(words[13]) < segment.replies and index > 50:
            fields["in_reply_to"] = f"{self._prefix}{index - 1 - words[13] % 50}"
        return Draft(fields, at_ms)

    def _language(self, author: Author, word: int) -> str:
        if (word & 0xFFFF) / 65536 < self._posts["keeps_language"]:
            return author.language
        return str(self._languages[(word >> 16) % len(self._languages)])

    def _valid_event(self, draft: Draft) -> Event:
        fields = draft.fields
        raw_tags = fields.get("hashtags")
        tags = count_tags(find_tags(fields["text"]) if raw_tags is None else raw_tags)
        minute = minute_of(self._iso.text(draft.at_ms))
        expected = {"minute": minute, "lang": fields["lang"].lower(), "tags": tags, "source": fields["source"]}
        return Event(TOPIC, _key(fields), draft.value(), fields["post_id"], VALID, expected, draft.late)

    def _malformed_event(self, index: int, words: Words, number: int) -> Event:
        corruption = POST_CORRUPTIONS[number % len(POST_CORRUPTIONS)]
        fields = self._draft_as_sent(index, words).fields
        return Event(TOPIC, _key(fields), corruption.corrupt(fields), f"{self._prefix}{index}", corruption.rule)

    def _duplicate_event(self, original: int, words: Words) -> Event:
        draft = self._draft_as_sent(original, self._random.words(original))
        if uniform_of(words[13]) < self._faults["edits"]:
            draft.fields["text"] += " (edit) #edited"
        return Event(TOPIC, _key(draft.fields), draft.value(), draft.fields["post_id"], DUPLICATE)

    def _deletion_event(self, target: int, at_ms: int) -> Event:
        deleted = self._draft_as_sent(target, self._random.words(target)).fields
        fields = {
            "post_id": deleted["post_id"],
            "source": deleted["source"],
            "created_at": self._iso.text(at_ms),
            "kind": "deletion",
        }
        return Event(TOPIC, _key(deleted), encode(fields).encode(), deleted["post_id"], DELETION)

    def _draft_as_sent(self, index: int, words: Words) -> Draft:
        """The draft that an ordinary index sent: late if it was drawn late."""
        return self._draft(index, words, self._is_late(words))


def _key(fields: dict[str, Any]) -> bytes:
    return str(fields["author_id"]).encode()
