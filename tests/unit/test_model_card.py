"""The card of a version of the segments: one file without a request, equal for equal manifests."""

import re

from tests.support.model_manifest import make_manifest
from warehouse.reports.model_card import render_card


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
