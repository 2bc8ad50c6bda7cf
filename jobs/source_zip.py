"""The project's code as one zip for --py-files, written again only when a source has changed. Not a job."""

import hashlib
import zipfile
from pathlib import Path

_PACKAGES = ("jobs", "streaming", "warehouse")
_OLDEST_DATE = (1980, 1, 1, 0, 0, 0)  # of a zip; with a fixed date equal sources make equal bytes
_KEPT = 10  # a driver that still runs may read an older archive


def pack_sources(root: Path, folder: Path) -> Path:
    """Path of the zip of jobs, streaming and warehouse, SQL and other data included; its name holds a hash of them."""
    sources = {str(path.relative_to(root)): path.read_bytes() for path in _find_sources(root)}
    digest = hashlib.sha256()
    for name, content in sources.items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    archive = folder / f"afluente-{digest.hexdigest()[:16]}.zip"
    if not archive.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _write(archive, sources)
        _delete_old(folder)
    return archive


def _find_sources(root: Path) -> list[Path]:
    found = (path for package in _PACKAGES for path in (root / package).rglob("*"))
    return sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)


def _write(archive: Path, sources: dict[str, bytes]) -> None:
    draft = archive.with_suffix(".draft")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in sources.items():
            file.writestr(zipfile.ZipInfo(name, _OLDEST_DATE), content)
    draft.replace(archive)


def _delete_old(folder: Path) -> None:
    archives = sorted(folder.glob("afluente-*.zip"), key=lambda path: path.stat().st_mtime)
    for path in archives[:-_KEPT]:
        path.unlink(missing_ok=True)
