"""The page about a version of the segments."""

from pathlib import Path

from warehouse.models.store import Manifest


def write_card(folder: Path, manifest: Manifest, decision: str) -> Path:
    """Writes the card."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"segments-{manifest.version}.html"
