"""The MLlib pipeline, and the choice of algorithm and number of segments.

A candidate must separate (silhouette) and must come out again on a part of the authors (stability: adjusted Rand
between its own assignment and those of models trained on 80 % of the authors). Of those that do, the one with the most
segments is taken whose silhouette is nearly the best; two segments only where nothing finer is sound, as the few who
post most always separate from all others. If none is sound, the authors have no segments, and none are invented.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.clustering import BisectingKMeans, KMeans
from pyspark.ml.evaluation import ClusteringEvaluator
from pyspark.ml.feature import SQLTransformer, StandardScaler, VectorAssembler
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from warehouse.errors import WarehouseError
from warehouse.segmentation.features import FEATURES
from warehouse.segmentation.stability import Labels, adjusted_rand

LOGARITHMS = ("posts_per_day", "hashtags_per_post", "mentions_per_post")
"""Features with a long tail: log(1 + x)."""
ALGORITHMS = {"KMeans": KMeans, "BisectingKMeans": BisectingKMeans}
SCALED, CLUSTER = "scaled", "cluster"
LEAST_SILHOUETTE, LEAST_STABILITY = 0.5, 0.8
"""Rousseeuw (1987) calls 0.5 a reasonable structure. Authors of one kind, whose activity varies by three orders of
magnitude, reach 0.42; the planted segments 0.6."""
NEARLY_BEST = 0.95  # of the best silhouette among sound candidates of three and more segments
MOST_SEGMENTS = 7
RESAMPLES, RESAMPLE_SHARE = 4, 0.8
FINALISTS = 3  # whose stability is measured: it takes four trainings each
RESTARTS = {"KMeans": 3, "BisectingKMeans": 1}
"""The best of so many starts: a single one of KMeans ends in a poor optimum now and then."""


class NoSegments(WarehouseError):
    """The authors cannot be told apart: there is nothing to train."""


@dataclass(frozen=True)
class Candidate:
    """One algorithm and k, with what was measured; `stability` is None where it was not a finalist."""

    algorithm: str
    k: int
    silhouette: float
    stability: float | None = None

    @property
    def is_sound(self) -> bool:
        """Whether it reaches both limits."""
        return self.silhouette >= LEAST_SILHOUETTE and (self.stability or 0.0) >= LEAST_STABILITY

    @property
    def score(self) -> float:
        """What candidates are compared by."""
        return self.silhouette * (self.stability or 0.0)


def fit_preparation(features: DataFrame) -> PipelineModel:
    """Logarithms and scaling to mean 0 and deviation 1, learned from `features`; adds the column `SCALED`."""
    logs = ", ".join(f"log1p({name}) AS log_{name}" for name in LOGARITHMS)
    columns = [f"log_{name}" if name in LOGARITHMS else name for name in FEATURES]
    stages: list[Any] = [
        SQLTransformer(statement=f"SELECT *, {logs} FROM __THIS__"),  # noqa: S608 - our own names
        VectorAssembler(inputCols=columns, outputCol="assembled"),
        StandardScaler(inputCol="assembled", outputCol=SCALED, withMean=True, withStd=True),
    ]
    return Pipeline(stages=stages).fit(features)


def fit_clusters(prepared: DataFrame, algorithm: str, k: int, seed: int) -> Any:
    """A fitted model; the same rows in the same order and the same seed give the same one."""
    common = {"k": k, "featuresCol": SCALED, "predictionCol": CLUSTER, "maxIter": 20}
    starts = range(seed, seed + RESTARTS[algorithm])
    models = [ALGORITHMS[algorithm](seed=start, **common).fit(prepared) for start in starts]
    return min(models, key=lambda model: model.summary.trainingCost)


def measure_silhouette(assigned: DataFrame) -> float:
    """Mean silhouette with squared Euclidean distances, -1..1; -1 where all authors are in one cluster."""
    if count_clusters(assigned) < 2:
        return -1.0
    return float(ClusteringEvaluator(featuresCol=SCALED, predictionCol=CLUSTER).evaluate(assigned))


def count_clusters(assigned: DataFrame) -> int:
    """How many clusters have authors: bisecting may stop early, and a center may lose all of its authors."""
    return assigned.select(CLUSTER).distinct().count()


def compare_candidates(prepared: DataFrame, seed: int) -> list[Candidate]:
    """All candidates, the best first. `prepared` is cached, in a fixed order, in one partition."""
    largest = min(MOST_SEGMENTS, prepared.select(SCALED).distinct().count())
    fitted = [
        (algorithm, k, fit_clusters(prepared, algorithm, k, seed))
        for algorithm in ALGORITHMS
        for k in range(2, largest + 1)
    ]
    complete = [each for each in fitted if count_clusters(each[2].transform(prepared)) == each[1]]
    measured = [
        (Candidate(name, k, measure_silhouette(model.transform(prepared))), model) for name, k, model in complete
    ]
    measured.sort(key=lambda pair: -pair[0].silhouette)
    finalists = [_with_stability(prepared, candidate, model, seed) for candidate, model in measured[:FINALISTS]]
    others = [candidate for candidate, _ in measured[FINALISTS:]]
    return sorted(finalists, key=lambda each: (-each.score, each.k)) + others


def choose(candidates: Iterable[Candidate]) -> Candidate:
    """As the module says.

    Raises:
        NoSegments: no candidate is sound.
    """
    ranked = list(candidates)
    sound = [candidate for candidate in ranked if candidate.is_sound]
    fine = [candidate for candidate in sound if candidate.k > 2] or sound
    if fine:
        best = max(candidate.silhouette for candidate in fine)
        nearly = [candidate for candidate in fine if candidate.silhouette >= NEARLY_BEST * best]
        return max(nearly, key=lambda candidate: (candidate.k, candidate.score))
    found = (
        f"the best of {len(ranked)} candidates has silhouette {ranked[0].silhouette:.2f}" if ranked else "all are alike"
    )
    raise NoSegments(f"the authors show no segments: {found} (at least {LEAST_SILHOUETTE} is asked for)")


def explain(chosen: Candidate, candidates: list[Candidate]) -> str:
    """One sentence why this one."""
    sound = [each for each in candidates if each.is_sound]
    measured = f"silhouette {chosen.silhouette:.2f}, stability {chosen.stability or 0:.2f}"
    among = f"{len(sound)} sound of {len(candidates)} candidates"
    return f"{chosen.algorithm} with {chosen.k} segments: {measured}; the finest that separates nearly best, of {among}"


def read_labels(assigned: DataFrame) -> Labels:
    """The cluster of each row, in the rows' order."""
    return np.array([row[0] for row in assigned.select(CLUSTER).collect()], dtype=np.int64)


def _with_stability(prepared: DataFrame, candidate: Candidate, model: Any, seed: int) -> Candidate:
    own = read_labels(model.transform(prepared))
    agreements = []
    for number in range(RESAMPLES):
        part = prepared.where(F.rand(seed + number) < RESAMPLE_SHARE).coalesce(1).cache()
        again = fit_clusters(part, candidate.algorithm, candidate.k, seed + number)
        agreements.append(adjusted_rand(own, read_labels(again.transform(prepared))))
        part.unpersist()
    return Candidate(candidate.algorithm, candidate.k, candidate.silhouette, float(np.mean(agreements)))
