"""The card of a version of the segments: one file without a request, equal for equal manifests."""

import re
from typing import Any

from warehouse.reports.model_card import render_card

MEANS = {"posts_per_day": 1.5, "reply_share": 0.25}


def make_manifest(**changes: Any) -> dict[str, Any]:
    segments = [
        {"id": 2, "name": "many <b>posts</b>", "authors": 30, "means": MEANS},
        {"id": 1, "name": "few posts", "authors": 70, "means": {**MEANS, "posts_per_day": 0.1}},
    ]
    candidates = [
        {"algorithm": "KMeans", "k": 2, "silhouette": 0.61, "stability": 0.99},
        {"algorithm": "BisectingKMeans", "k": 2, "silhouette": 0.4, "stability": None},
    ]
    manifest = {
        "version": 3,
        "window": ("2026-03-01", "2026-03-15"),
        "metrics": {"authors": 100.0, "silhouette": 0.61, "held_out_silhouette": 0.58, "stability": 0.99},
        "parameters": {"least_posts": 5, "held_out": 5, "time_zone": "UTC"},
        "inputs": {"gold/author_days": 17},
        "features": tuple(MEANS),
        "seed": 11,
        "content": {"choice": "KMeans with 2 segments", "segments": segments, "candidates": candidates},
    }
    return {**manifest, **changes}


def test_the_card_says_what_it_was_made_from_and_why_it_was_chosen() -> None:
    text = re.sub(
        r"<script.*?</script>|<[^>]+>", " ", render_card(make_manifest(), "the first version"), flags=re.DOTALL
    )
    for words in (
        "Segments of authors, version 3",
        "Trained on 100 authors with at least 5 posts from 2026-03-01",
        "silhouette 0.58 on them, 0.61 on the others",
        "gold/author_days up to silver&#x27;s version 17",
        "The first version.",
        "KMeans with 2 segments.",
        "few posts",
    ):
        assert words in text


def test_names_are_escaped_and_the_same_manifest_gives_the_same_bytes() -> None:
    card = render_card(make_manifest(), "the first version")
    assert "many &lt;b&gt;posts" in card
    assert "many <b>posts" not in card
    assert card == render_card(make_manifest(), "the first version")
    assert card != render_card(make_manifest(seed=12), "the first version")
