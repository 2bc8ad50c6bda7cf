"""Scores all authors with the champion: gold/author_segments and the facts in PostgreSQL."""

import logging
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from warehouse.database.connections import connect, read_sql
from warehouse.database.copy import Load, copy_rows
from warehouse.lake.arrow_io import ArrowTable
from warehouse.lake.commit_metadata import CommitMetadata
from warehouse.lake.locks import TableLocks
from warehouse.lake.table_creation import create_table
from warehouse.lake.tables import AUTHOR_SEGMENTS
from warehouse.models.registry import Registry
from warehouse.models.store import Manifest, ModelDamaged, ModelStore
from warehouse.segmentation.clustering import CLUSTER, NoSegments
from warehouse.segmentation.features import Gold, Population, Window, count_by_author, make_features
from warehouse.segmentation.reading import Lake
from warehouse.settings import LakeSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Champion:
    """A version that may score. `ids`: cluster number -> segment number."""

    manifest: Manifest
    model: PipelineModel
    ids: Mapping[int, int]

    def make_features(self, gold: Gold, window: Window) -> DataFrame:
        """As `features.make_features`, with the model's own average author and time zone."""
        counts = count_by_author(gold, window, str(self.manifest.parameters["time_zone"]))
        return make_features(counts, Population(**self.manifest.content["population"]), window)

    def score(self, gold: Gold, window: Window) -> DataFrame:
        """(author_pseudonym, posts, segment_id) of every author with a post in the window."""
        features = self.make_features(gold, window)
        number = F.create_map(*(F.lit(part) for pair in self.ids.items() for part in pair))[F.col(CLUSTER)]
        return self.model.transform(features).select("author_pseudonym", "posts", number.alias("segment_id"))


def load_champion(store: ModelStore, registry: Registry) -> Champion | None:
    """The champion; where its files are not those that were registered, the last good one. None if there is none."""
    for version, sha256 in registry.find_champions().items():
        try:
            manifest = store.read(version)
            if store.hash_manifest(version) != sha256:
                raise ModelDamaged(f"model {store.model} version {version}: its manifest is not the registered one")
        except ModelDamaged as damage:
            log.error('model=%s version=%d state=refused reason="%s"', store.model, version, damage)
            continue
        ids = {cluster: int(segment["id"]) for cluster, segment in enumerate(manifest.content["segments"])}
        return Champion(manifest, PipelineModel.load(str(store.path(version) / "pipeline")), ids)
    return None


@dataclass(frozen=True)
class Scored:
    """What a scoring found. `segments`: number -> (name, authors)."""

    day: date
    model_version: int
    authors: int
    segments: Mapping[int, tuple[str, int]]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        segments = [{"id": number, "name": name, "authors": count} for number, (name, count) in self.segments.items()]
        return {"day": str(self.day), "version": self.model_version, "authors": self.authors, "segments": segments}


@dataclass(frozen=True)
class Scoring:
    """Scores the newest days with the champion."""

    store: ModelStore
    registry: Registry
    lake: LakeSettings
    locks: TableLocks
    url: str

    def run(self, gold: Lake, days: int) -> Scored:
        """Replaces the newest day's assignments in the lake, then in PostgreSQL.

        Raises:
            NoSegments: no posts, or no usable model.
        """
        window, champion = gold.choose_window(days), load_champion(self.store, self.registry)
        if window is None:
            raise NoSegments("gold has no posts yet: let the stream run first")
        if champion is None:
            raise NoSegments("there is no usable model: run ./spark-submit.sh train_segments first")
        day = window.end - timedelta(days=1)
        rows = champion.score(gold.gold, window).select("author_pseudonym", "segment_id").toArrow()
        self._write_to_lake(day, champion, gold, rows)
        publish(self.url, champion, day, rows)
        counts = Counter(rows["segment_id"].to_pylist())
        segments = {int(s["id"]): (str(s["name"]), counts[int(s["id"])]) for s in champion.manifest.content["segments"]}
        return Scored(day, champion.manifest.version, len(rows), segments)

    def _write_to_lake(self, day: date, champion: Champion, gold: Lake, rows: pa.Table) -> None:
        version = champion.manifest.version
        complete = pa.table(
            {
                "day": pa.repeat(pa.scalar(day, pa.date32()), len(rows)),
                "author_pseudonym": rows["author_pseudonym"],
                "segment_id": rows["segment_id"].cast(pa.int64()),
                "model_version": pa.repeat(pa.scalar(version, pa.int64()), len(rows)),
            }
        )
        metadata = CommitMetadata("segments", version, silver_version=max(gold.versions.values()))
        with self.locks.hold_in_python(AUTHOR_SEGMENTS.name):
            create_table(self.lake, AUTHOR_SEGMENTS)
            table = ArrowTable(AUTHOR_SEGMENTS, self.lake.path / AUTHOR_SEGMENTS.name)
            table.replace(complete, f"day = '{day.isoformat()}'", metadata)


def publish(url: str, champion: Champion, day: date, scored: pa.Table) -> None:
    """Replaces the day's facts and the names of the segments, in one transaction; idempotent.

    `scored`: (author_pseudonym, segment_id).
    """
    segments = [(int(segment["id"]), str(segment["name"])) for segment in champion.manifest.content["segments"]]
    values = {"day": day, "model_version": champion.manifest.version}
    names = {"ids": [number for number, _ in segments], "names": [name for _, name in segments]}
    with closing(connect(url, application_name="afluente score_segments")) as session, session:
        cursor = session.cursor()
        cursor.execute(read_sql("segmentation/sql/temp.sql"))
        copy_rows(cursor, Load("author_segment_rows", scored))
        cursor.execute(read_sql("segmentation/sql/publish.sql"), {**values, **names})


def read_segment_ids(url: str) -> list[int]:
    """The numbers of all segments that were ever published."""
    with closing(connect(url, application_name="afluente segments")) as session, session:
        cursor = session.cursor()
        cursor.execute(read_sql("segmentation/sql/segment_ids.sql"))
        return [number for (number,) in cursor.fetchall()]


def model_store(folder: Path) -> ModelStore:
    """The versions of the segments below the folder of all models."""
    return ModelStore("segments", folder)
