"""Settings of the lake, of PostgreSQL and of the page: validated values; `jobs.settings` loads them."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A frozen, validated part of the settings; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LakeSettings(Section):
    """Where the Delta tables are and how long their history is kept."""

    path: Path
    local_locks: bool = Field(
        description="take a lock file around every commit; false only on a store with atomic put-if-absent"
    )
    log_retention: str = Field(description="interval for which table versions stay readable")
    deleted_file_retention: str = Field(description="interval before VACUUM may remove a file")


class PostgresSettings(Section):
    """The warehouse database. An empty `url` means the embedded server under `data`."""

    url: str = Field(description="owner's libpq URL; empty: embedded server")
    port: int = Field(ge=0, le=65535, description="loopback port of the embedded server")
    data: Path
    secrets: Path = Field(description="folder, mode 0700, of generated passwords and keys, each mode 0600")


class ModelSettings(Section):
    """Where models are kept, and how segments are trained."""

    path: Path
    window_days: int = Field(ge=1, description="days of posts that a training and a scoring look at")
    seed: int = Field(description="of everything random in a training")
    time_zone: str = Field(description="IANA name; in which an author posts at night or in the morning")


class PageSettings(Section):
    """Address and refresh interval of the live page."""

    host: str
    port: int = Field(ge=0, le=65535)
    refresh_seconds: float = Field(gt=0)
