"""The configuration of the generator: generator.yaml, hashtags.yaml and machines.yaml as plain, picklable values."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from streaming.errors import StreamingError


class RepairConfiguration(StreamingError):
    """A file of conf/ is missing or cannot be read; repair it."""


@dataclass(frozen=True)
class GeneratorConfig:
    """The three files, parsed. Comments in the files explain every key."""

    parameters: dict[str, Any]
    topics: dict[str, dict[str, list[str]]]
    factory: dict[str, Any]

    def machine(self, machine_id: str) -> dict[str, Any]:
        """A machine's entry; an unlisted one gets that of a listed machine by its number, so that any count works."""
        known: dict[str, dict[str, Any]] = self.factory["machines"]
        if machine_id in known:
            return known[machine_id]
        return list(known.values())[int(machine_id.rpartition("-")[2]) % len(known)]

    def utc_offset_hours(self, at_ms: int) -> float:
        """Local time of the factory minus UTC, in hours, at `at_ms` (milliseconds since 1970)."""
        moment = datetime.fromtimestamp(at_ms / 1000, ZoneInfo(self.factory["time_zone"]))
        return (moment.utcoffset() or timedelta()).total_seconds() / 3600


def read_generator_config(folder: Path) -> GeneratorConfig:
    """Reads the three files of `folder`.

    Raises:
        RepairConfiguration: one of them is missing or not YAML.
    """
    return GeneratorConfig(*(_read(folder / name) for name in ("generator.yaml", "hashtags.yaml", "machines.yaml")))


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise RepairConfiguration(f"{path} cannot be read: {error}") from error
