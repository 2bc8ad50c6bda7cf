"""A manifest of the segments, as `warehouse.models.store` keeps it."""

from typing import Any

MEANS = {"posts_per_day": 1.5, "active_days_share": 0.7, "hashtags_per_post": 1.2, "reply_share": 0.25}


def make_manifest(**changes: Any) -> dict[str, Any]:
    """Two segments of two candidates."""
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
