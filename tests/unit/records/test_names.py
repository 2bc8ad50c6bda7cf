"""Folding of hashtags: which tags count as the same."""

import pytest

from streaming.records.names import fold_hashtags


@pytest.mark.parametrize(
    ("tags", "folded"),
    [
        (["Straße", "STRASSE", "#strasse"], ["strasse"]),
        (["\ufb01lm", "\uff26\uff29\uff2c\uff2d"], ["film"]),
        (["##a", " #b "], ["#a", "b"]),
        (["", "#", "  "], []),
        (["b", "a", "B"], ["b", "a"]),
        (["\u0130stanbul"], ["i\u0307stanbul"]),
        (["\U0001f468\u200d\U0001f469\u200d\U0001f467"], ["\U0001f468\u200d\U0001f469\u200d\U0001f467"]),
    ],
)
def test_folding(tags: list[str], folded: list[str]) -> None:
    assert fold_hashtags(tags) == folded


def test_folding_is_idempotent() -> None:
    once = fold_hashtags(["\u1e9e", "\u03a3\u03c2", "\u2460", "\ufdfa"])
    assert fold_hashtags(list(once)) == once
