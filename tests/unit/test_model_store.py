"""Versions of a model on disk: all or nothing, and refused when they were changed."""

from dataclasses import replace
from pathlib import Path

import pytest

from warehouse.models.store import Manifest, ModelDamaged, ModelStore

MANIFEST = Manifest(
    model="m",
    version=1,
    inputs={"gold/a": 3},
    window=("2026-01-01", "2026-01-15"),
    features=("f",),
    parameters={"p": 1},
    metrics={"silhouette": 0.5},
    seed=7,
    content={"segments": [{"id": 1}]},
    files={},
)


def save(folder: Path) -> None:
    (folder / "pipeline" / "data").mkdir(parents=True)
    (folder / "pipeline" / "data" / "part").write_bytes(b"\0model")


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore("m", tmp_path)


def test_what_was_written_is_read(store: ModelStore) -> None:
    assert store.find_versions() == []
    written = store.write(MANIFEST, save)
    assert store.read(1) == written
    assert set(written.files) == {"pipeline/data/part"}
    assert (store.path(1) / "pipeline/data/part").read_bytes() == b"\0model"
    assert store.find_versions() == [1]


def test_a_version_that_fails_while_it_is_saved_leaves_nothing(store: ModelStore, tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        save(folder)
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        store.write(MANIFEST, fail)
    assert list((tmp_path / "m").iterdir()) == []


@pytest.mark.parametrize("damage", ["changed", "missing", "added", "manifest"])
def test_a_changed_version_is_refused(store: ModelStore, damage: str) -> None:
    store.write(MANIFEST, save)
    file = store.path(1) / "pipeline/data/part"
    if damage == "changed":
        file.write_bytes(b"\0other")
    elif damage == "missing":
        file.unlink()
    elif damage == "added":
        file.with_name("more").touch()
    else:
        (store.path(1).parent / "manifest.json").write_text("{")
    with pytest.raises(ModelDamaged, match="model m version 1"):
        store.read(1)


def test_the_same_origin_is_the_same_model(store: ModelStore) -> None:
    written = store.write(MANIFEST, save)
    assert written.has_origin_of(replace(MANIFEST, version=2, metrics={}, files={}))
    assert not written.has_origin_of(replace(MANIFEST, inputs={"gold/a": 4}))
    assert not written.has_origin_of(replace(MANIFEST, seed=8))
    assert store.read(1).has_origin_of(MANIFEST)
