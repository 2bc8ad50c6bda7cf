"""Training and scoring of segments on gold with planted authors, against a real database."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyspark.sql import SparkSession

from tests.support.authors import KINDS, kind_of, pseudonym, write_gold
from tests.support.history import read_planted_segments, write_gold_of_history
from warehouse.database.connections import connect, role_url
from warehouse.lake.delta_io import read_table
from warehouse.lake.locks import TableLocks
from warehouse.models.registry import Registry
from warehouse.segmentation import clustering
from warehouse.segmentation.clustering import NoSegments
from warehouse.segmentation.reading import open_lake
from warehouse.segmentation.scoring import Scored, Scoring, model_store
from warehouse.segmentation.stability import adjusted_rand
from warehouse.segmentation.training import MODEL, Trained, Training
from warehouse.settings import LakeSettings, PostgresSettings

AUTHORS = 180
DAY = "interval 1 day"


class Workshop:
    """A lake, a database and the jobs over them."""

    def __init__(self, spark: SparkSession, folder: Path, postgres: PostgresSettings) -> None:
        self.spark = spark
        self.lake = LakeSettings(path=folder / "lake", local_locks=True, log_retention=DAY, deleted_file_retention=DAY)
        self.url = role_url(postgres, "writer")
        self.store = model_store(folder / "models")
        self.registry = Registry(self.url, MODEL)

    def train(self, seed: int = 11) -> Trained:
        lake = open_lake(self.spark, self.lake.path)
        return Training(lake, self.store, self.registry, self.url, 14, "UTC", seed).run()

    def score(self) -> Scored:
        locks = TableLocks(self.spark, self.lake.path)
        scoring = Scoring(self.store, self.registry, self.lake, locks, self.url)
        return scoring.run(open_lake(self.spark, self.lake.path), 14)

    def fetch(self, statement: str) -> list[tuple[Any, ...]]:
        with closing(connect(self.url, application_name="tests")) as session, session.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())


ASSIGNED = (
    "SELECT author_pseudonym, segment_id FROM warehouse.fact_author_segment "
    "JOIN warehouse.dim_author USING (author_id) ORDER BY 1"
)


@pytest.fixture(autouse=True)
def few_trainings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full choice takes 34 trainings."""
    monkeypatch.setattr(clustering, "MOST_SEGMENTS", 4)
    monkeypatch.setattr(clustering, "RESAMPLES", 2)
    monkeypatch.setattr(clustering, "FINALISTS", 2)


@pytest.fixture
def workshop(spark: SparkSession, tmp_path: Path, postgres: PostgresSettings) -> Workshop:
    return Workshop(spark, tmp_path, postgres)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_planted_segments_are_trained_scored_and_kept(workshop: Workshop) -> None:
    write_gold(workshop.lake, AUTHORS, seed=1)
    first = workshop.train()
    assert first.is_champion
    assert len(first.manifest.content["segments"]) == len(KINDS)
    scored = workshop.score()
    assert scored.authors == AUTHORS
    rows = workshop.fetch(ASSIGNED)
    planted = {pseudonym(number): kind_of(number) for number in range(AUTHORS)}
    agreement = adjusted_rand(np.array([number for _, number in rows]), np.array([planted[who] for who, _ in rows]))
    assert agreement > 0.95
    again = workshop.train()
    assert (again.is_new, again.manifest.version) == (False, first.manifest.version)
    assert workshop.score() == scored
    assert workshop.fetch(ASSIGNED) == rows
    in_lake = read_table(workshop.spark, workshop.lake.path / "gold/author_segments").collect()
    assert sorted((row["author_pseudonym"], row["segment_id"]) for row in in_lake) == rows
    write_gold(workshop.lake, AUTHORS + 60, seed=2)  # more posts of the same authors, and new ones
    second = workshop.train()
    assert (second.is_champion, second.manifest.version) == (True, 2)
    names = [
        {segment["id"]: segment["name"] for segment in each.manifest.content["segments"]} for each in (first, second)
    ]
    assert names[0].keys() == names[1].keys()
    assert workshop.fetch("SELECT version, status FROM ops.model_version ORDER BY 1") == [
        (1, "retired"),
        (2, "champion"),
    ]
    (workshop.store.path(2) / "pipeline" / "metadata" / "part-00000").write_text("{}")
    assert workshop.score().model_version == 1  # the last good one


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_segments_of_the_generator_are_found(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten days at half the rate of a history, a seed that was not used to choose features or limits."""
    monkeypatch.setattr(clustering, "MOST_SEGMENTS", 6)
    monkeypatch.setattr(clustering, "FINALISTS", 3)
    write_gold_of_history(workshop.lake, seed=4711, days=10, posts_per_second=0.25)
    workshop.train()
    workshop.score()
    planted = read_planted_segments(4711)
    rows = [row for row in workshop.fetch(ASSIGNED) if row[0] in planted]  # hostile posts have authors of their own
    names = sorted(set(planted.values()))
    found, truth = [number for _, number in rows], [names.index(planted[who]) for who, _ in rows]
    assert len(rows) > 4000
    assert adjusted_rand(np.array(found), np.array(truth)) >= 0.8


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda lake: None, "has no rows yet"),
        (lambda lake: write_gold(lake, 1, seed=1), "[01] authors with 5 posts or more: at least 50 are needed"),
        (lambda lake: write_gold(lake, 90, seed=1, kinds=KINDS[1:2]), "the authors show no segments"),
    ],
    ids=["no data", "one author", "one kind of author"],
)
def test_without_segments_there_is_a_sentence_and_no_version(
    workshop: Workshop, prepare: Callable[[LakeSettings], None], sentence: str
) -> None:
    prepare(workshop.lake)
    with pytest.raises(NoSegments, match=sentence):
        workshop.train()
    assert workshop.store.find_versions() == []
    with pytest.raises(NoSegments):
        workshop.score()
