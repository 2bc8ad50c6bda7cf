"""Versions of a model on disk: a folder each, complete or absent; its manifest holds the SHA-256 of every file."""

import hashlib
import json
import shutil
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from warehouse.errors import WarehouseError

MANIFEST = "manifest.json"
FILES = "files"


class ModelDamaged(WarehouseError):
    """A version's files are not those that were written: the version is not used."""


@dataclass(frozen=True)
class Manifest:
    """What a version was made from and is.

    `inputs`: Delta version of each table that was read, by name. `segments` and the like of one kind of model are in
    `content`. `files`: relative path -> SHA-256.
    """

    model: str
    version: int
    inputs: Mapping[str, int]
    window: tuple[str, str]  # first day, day after the last, ISO
    features: tuple[str, ...]
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    seed: int
    content: Mapping[str, Any]
    files: Mapping[str, str]

    def has_origin_of(self, other: "Manifest") -> bool:
        """Whether both were made from the same data in the same way, so that they are the same model."""
        return _origin(self) == _origin(other)


class ModelStore:
    """The versions of one model below `folder`."""

    def __init__(self, model: str, folder: Path) -> None:
        self.model = model
        self._folder = folder / model

    def path(self, version: int) -> Path:
        """The folder with a version's files, as `save` wrote them."""
        return self._folder / str(version) / FILES

    def find_versions(self) -> list[int]:
        """All versions, oldest first, also damaged ones."""
        if not self._folder.is_dir():
            return []
        return sorted(int(path.name) for path in self._folder.iterdir() if path.name.isdigit())

    def write(self, manifest: Manifest, save: Callable[[Path], None]) -> Manifest:
        """Lets `save` write the files aside, adds their hashes to the manifest, and renames: all or nothing."""
        aside = self._folder / f".{uuid.uuid4().hex}"
        (aside / FILES).mkdir(parents=True)
        try:
            save(aside / FILES)
            complete = Manifest(**{**asdict(manifest), "window": manifest.window, "files": _hash_files(aside / FILES)})
            (aside / MANIFEST).write_text(json.dumps(asdict(complete), indent=1, sort_keys=True))
            aside.rename(self._folder / str(manifest.version))
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return complete

    def read(self, version: int) -> Manifest:
        """A version's manifest, after its files were compared with it.

        Raises:
            ModelDamaged: a file is missing, was added or was changed.
        """
        path = self._folder / str(version) / MANIFEST
        try:
            values = json.loads(path.read_text())
            manifest = Manifest(**{**values, **{name: tuple(values[name]) for name in ("window", "features")}})
            files = dict(manifest.files)
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            raise ModelDamaged(f"model {self.model} version {version} has no readable manifest") from None
        if files != _hash_files(self.path(version)):
            raise ModelDamaged(f"model {self.model} version {version}: its files are not those of its manifest")
        return manifest

    def hash_manifest(self, version: int) -> str:
        """SHA-256 of the manifest file."""
        return _hash(self._folder / str(version) / MANIFEST)


def _origin(manifest: Manifest) -> str:
    names = ("model", "inputs", "window", "features", "parameters", "seed")
    return json.dumps([getattr(manifest, name) for name in names], sort_keys=True)


def _hash_files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): _hash(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
