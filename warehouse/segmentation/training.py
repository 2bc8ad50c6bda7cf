"""Trains a version of the segments and decides whether it becomes the champion."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from pathlib import Path

import numpy as np
from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from warehouse.models.registry import Registration, Registry
from warehouse.models.store import Manifest, ModelDamaged, ModelStore
from warehouse.segmentation.clustering import (
    CLUSTER,
    FINALISTS,
    MOST_SEGMENTS,
    RESAMPLES,
    RESTARTS,
    Candidate,
    NoSegments,
    choose,
    compare_candidates,
    explain,
    fit_clusters,
    fit_preparation,
    measure_silhouette,
    read_labels,
)
from warehouse.segmentation.features import (
    FEATURES,
    PRIOR_POSTS,
    Population,
    Window,
    count_by_author,
    describe_population,
    make_features,
)
from warehouse.segmentation.naming import Segment, make_names, match_ids
from warehouse.segmentation.reading import Lake
from warehouse.segmentation.scoring import Champion, load_champion, read_segment_ids
from warehouse.segmentation.stability import Labels

MODEL = "segments"
LEAST_POSTS = 5
"""Authors with fewer posts in the window are not learned from; they are scored all the same."""
LEAST_AUTHORS = 50
HELD_OUT = 5
"""One author in so many, chosen by the pseudonym, is not learned from; old and new champion are compared on them."""
MARGIN = 0.05
"""A new version may have a held-out silhouette lower by so much than the champion's and still replace it: it knows the
newer data."""


@dataclass(frozen=True)
class Trained:
    """The result of a training. `is_new`: False where the champion is already made from the same data."""

    manifest: Manifest
    is_champion: bool
    is_new: bool
    decision: str
    candidates: list[Candidate]


@dataclass(frozen=True)
class Training:
    """One training over the newest `days` days of gold."""

    lake: Lake
    store: ModelStore
    registry: Registry
    url: str
    days: int
    time_zone: str
    seed: int

    def run(self) -> Trained:
        """Trains, stores and registers a version, unless the champion is made from the same data.

        Raises:
            NoSegments: too little data, or authors that cannot be told apart; the champion stays.
        """
        window = self.lake.choose_window(self.days)
        if window is None:
            raise NoSegments("gold has no posts yet: let the stream run first")
        planned, champion = self._plan(window), load_champion(self.store, self.registry)
        for made in _read_manifests(self.store):
            if made.has_origin_of(planned):
                is_champion = champion is not None and champion.manifest.version == made.version
                return Trained(made, is_champion, False, f"version {made.version} is already made from this data", [])
        counts = count_by_author(self.lake.gold, window, self.time_zone).where(F.col("posts") >= LEAST_POSTS)
        learned = _split(counts, held_out=False)
        if (authors := learned.count()) < LEAST_AUTHORS:
            raise NoSegments(f"{authors} authors with {LEAST_POSTS} posts or more: at least {LEAST_AUTHORS} are needed")
        population = describe_population(learned)
        features = make_features(counts, population, window)
        seen = champion.make_features(self.lake.gold, window) if champion else features
        seen = seen.where(F.col("posts") >= LEAST_POSTS)  # what the champion sees of the same authors
        manifest, model, candidates = self._fit(planned, population, features, (champion, seen))
        is_champion, decision = _compare(manifest, champion, seen)
        return self._publish(manifest, model, candidates, is_champion, decision)

    def _plan(self, window: Window) -> Manifest:
        """What the version will be made from."""
        parameters = {
            "least_posts": LEAST_POSTS,
            "held_out": HELD_OUT,
            "time_zone": self.time_zone,
            "prior_posts": PRIOR_POSTS,
            "search": [MOST_SEGMENTS, FINALISTS, RESAMPLES, *RESTARTS.values()],
        }
        return Manifest(
            model=MODEL,
            version=max([0, *self.store.find_versions(), *self.registry.find_versions()]) + 1,
            inputs=self.lake.versions,
            window=(window.first.isoformat(), window.end.isoformat()),
            features=FEATURES,
            parameters=parameters,
            metrics={},
            seed=self.seed,
            content={},
            files={},
        )

    def _fit(
        self, planned: Manifest, population: Population, features: DataFrame, former: tuple[Champion | None, DataFrame]
    ) -> tuple[Manifest, PipelineModel, list[Candidate]]:
        preparation = fit_preparation(_in_order(_split(features, held_out=False)))
        learned = preparation.transform(_in_order(_split(features, held_out=False))).cache()
        held_out = preparation.transform(_in_order(_split(features, held_out=True))).cache()
        try:
            candidates = compare_candidates(learned, self.seed)
            chosen = choose(candidates)
            clusters = fit_clusters(learned, chosen.algorithm, chosen.k, self.seed)
            metrics = {
                "silhouette": chosen.silhouette,
                "stability": chosen.stability or 0.0,
                "held_out_silhouette": measure_silhouette(clusters.transform(held_out)),
                "authors": float(learned.count()),
            }
            segments = self._name(clusters.transform(learned), chosen.k, _read_former(*former))
        finally:
            learned.unpersist()
            held_out.unpersist()
        content = {
            "population": population.to_dict(),
            "segments": [{**vars(segment), "means": dict(segment.means)} for segment in segments],
            "choice": explain(chosen, candidates),
            "candidates": [vars(candidate) for candidate in candidates],
        }
        model = PipelineModel([*preparation.stages, clusters])
        return replace(planned, metrics=metrics, content=content), model, candidates

    def _name(self, assigned: DataFrame, k: int, former: Labels | None) -> list[Segment]:
        """The segments by cluster number. `former`: the champion's segment of each row, None without a champion."""
        aggregates = [function(name).alias(f"{prefix}{name}") for name in FEATURES for prefix, function in _MEASURES]
        center = assigned.agg(*aggregates).collect()[0]
        rows = {
            row[CLUSTER]: row
            for row in assigned.groupBy(CLUSTER).agg(F.count("*").alias("authors"), *aggregates).collect()
        }
        means = [_pick(rows[cluster], "") for cluster in range(k)]
        names = make_names(means, _pick(center, ""), _pick(center, "sd_"))
        clusters = read_labels(assigned)
        before = np.zeros(len(clusters), dtype=np.int64) if former is None else former
        known = [*read_segment_ids(self.url), *_read_known_ids(self.store)]
        ids = match_ids(clusters, before, known)
        return [Segment(ids[n], names[n], int(rows[n]["authors"]), means[n]) for n in range(k)]

    def _publish(
        self, manifest: Manifest, model: PipelineModel, candidates: list[Candidate], is_champion: bool, decision: str
    ) -> Trained:
        complete = self.store.write(manifest, lambda folder: _save(model, folder))
        until = datetime.combine(datetime.fromisoformat(manifest.window[1]), time(), UTC)
        self.registry.register(
            Registration(
                version=complete.version,
                manifest_sha256=self.store.hash_manifest(complete.version),
                metrics=complete.metrics,
                data_until=until.isoformat(),
                decision=decision,
                is_champion=is_champion,
            )
        )
        return Trained(complete, is_champion, True, decision, candidates)


_MEASURES = (("", F.mean), ("sd_", F.stddev_pop))


def _pick(row: Row, prefix: str) -> dict[str, float]:
    return {name: float(row[f"{prefix}{name}"]) for name in FEATURES}


def _split(rows: DataFrame, held_out: bool) -> DataFrame:
    is_held_out = F.pmod(F.xxhash64("author_pseudonym"), F.lit(HELD_OUT)) == 0
    return rows.where(is_held_out if held_out else ~is_held_out)


def _in_order(rows: DataFrame) -> DataFrame:
    """One partition in a fixed order: MLlib's result depends on it."""
    return rows.coalesce(1).sortWithinPartitions("author_pseudonym")


def _compare(manifest: Manifest, champion: Champion | None, seen: DataFrame) -> tuple[bool, str]:
    """Whether the new version becomes the champion, and why."""
    if champion is None:
        return True, "the first version"
    held_out = _in_order(_split(seen, held_out=True))
    old, new = measure_silhouette(champion.model.transform(held_out)), manifest.metrics["held_out_silhouette"]
    figures = f"silhouette {new:.3f} on held-out authors, version {champion.manifest.version} has {old:.3f}"
    if new >= old - MARGIN:
        return True, f"{figures}: not worse by more than {MARGIN}"
    return False, f"{figures}: worse by more than {MARGIN}"


def _read_former(champion: Champion | None, seen: DataFrame) -> Labels | None:
    """The champion's segment of each author that is learned from, in their order; None without a champion."""
    if champion is None:
        return None
    clusters = read_labels(champion.model.transform(_in_order(_split(seen, held_out=False))))
    return np.array([champion.ids[cluster] for cluster in clusters], dtype=np.int64)


def _read_manifests(store: ModelStore) -> Iterator[Manifest]:
    """Those that can be read, newest first."""
    for version in reversed(store.find_versions()):
        with suppress(ModelDamaged):
            yield store.read(version)


def _read_known_ids(store: ModelStore) -> Iterator[int]:
    """The numbers of the segments of all versions that can be read."""
    for manifest in _read_manifests(store):
        yield from (int(segment["id"]) for segment in manifest.content["segments"])


def _save(model: PipelineModel, folder: Path) -> None:
    """MLlib's own format, without the checksum files of Hadoop's local file system."""
    model.write().overwrite().save(str(folder / "pipeline"))
    for leftover in folder.rglob(".*.crc"):
        leftover.unlink()
    shutil.rmtree(folder / "_temporary", ignore_errors=True)
