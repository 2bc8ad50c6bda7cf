"""Which tables belong together: topic, silver table, and the gold tables made from it."""

from dataclasses import dataclass

QUERIES = ("posts", "readings", "machine_events")
"""Each is the name of a query, of its topic, of its silver table and of its quarantine table."""


@dataclass(frozen=True)
class Gold:
    """A gold table and the query whose silver table it aggregates."""

    name: str
    query: str


GOLD = (
    Gold("hashtag_minutes", "posts"),
    Gold("author_days", "posts"),
    Gold("mention_edges", "posts"),
    Gold("author_hours", "posts"),
    Gold("author_hashtag_days", "posts"),
    Gold("machine_minutes", "readings"),
)
