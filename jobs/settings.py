"""The only reader of conf/: base.yaml, then a profile, then AFLUENTE_* variables, then `--set key=value`."""

import argparse
import os
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from streaming.settings import GeneratorSettings, KafkaSettings, StreamSettings
from warehouse.settings import LakeSettings, PageSettings, PostgresSettings, Section

ROOT = Path(os.environ.get("AFLUENTE_HOME") or Path(__file__).resolve().parent.parent)
CONF = ROOT / "conf"


class SettingsError(Exception):
    """The settings cannot be used; the message says which key to change."""


class SparkSettings(Section):
    """What spark-submit is given beside conf/spark-defaults.conf."""

    master: str
    driver_memory: str
    shuffle_partitions: int = Field(gt=0)


class Settings(BaseSettings):
    """All settings, frozen. Relative paths are relative to the project folder."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="AFLUENTE_", env_nested_delimiter="__"
    )

    var: Path
    log_level: str
    lake: LakeSettings
    postgres: PostgresSettings
    kafka: KafkaSettings
    spark: SparkSettings
    stream: StreamSettings
    generator: GeneratorSettings
    page: PageSettings

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment variables beat the files; `--set` is applied to the result by `load_settings`."""
        return env_settings, init_settings


def add_settings_arguments(parser: argparse.ArgumentParser) -> None:
    """Gives a job the two options that every job has."""
    group = parser.add_argument_group("settings")
    group.add_argument("--profile", metavar="NAME", default=os.environ.get("AFLUENTE_PROFILE", "dev"),
                       help="conf/NAME.yaml on top of conf/base.yaml (default: %(default)s)")
    group.add_argument("--set", metavar="KEY=VALUE", dest="overrides", action="append", default=[],
                       help="one setting by its dotted name, e.g. kafka.port=19092; may be repeated")


def load_settings(profile: str, overrides: list[str] | None = None) -> Settings:
    """Reads and validates the settings.

    Raises:
        SettingsError: unknown profile, unknown key or invalid value, in one sentence.
    """
    tree = _merge(_read_yaml(CONF / "base.yaml"), _read_yaml(CONF / f"{profile}.yaml"))
    try:
        resolved = Settings(**tree).model_dump(mode="json")
        for override in overrides or []:
            _apply(resolved, override)
        settings = Settings.model_validate(_absolute_paths(resolved))
        return settings
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"setting {key!r}: {first['msg']} (got {first.get('input')!r})") from None


def _read_yaml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        known = sorted(p.stem for p in CONF.glob("*.yaml") if p.stem in {"dev", "test", "cluster"})
        raise SettingsError(f"there is no profile {path.stem!r}; known profiles: {', '.join(known)}")
    return yaml.safe_load(path.read_text()) or {}


def _merge(base: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = _merge(base[key], value) if both else value
    return merged


def _apply(tree: dict[str, Any], override: str) -> None:
    key, separator, text = override.partition("=")
    if not separator:
        raise SettingsError(f"--set {override!r}: write it as key=value")
    *parents, leaf = key.strip().split(".")
    node: Any = tree
    for part in parents:
        node = node.get(part) if isinstance(node, dict) else None
    if not isinstance(node, dict) or leaf not in node:
        raise SettingsError(f"--set {override!r}: there is no setting {key.strip()!r} (see conf/base.yaml)")
    node[leaf] = yaml.safe_load(text)


def _absolute_paths(tree: dict[str, Any]) -> dict[str, Any]:
    """Makes the paths absolute; those below `var` in base.yaml follow `var` when only that was changed."""
    home = ROOT / tree["var"]
    tree["var"] = str(home)
    for section, key in (("lake", "path"), ("postgres", "data"), ("postgres", "secrets"), ("kafka", "data"),
                         ("stream", "checkpoints"), ("generator", "journal")):
        value = tree[section][key]
        if not str(value).startswith(("/", "s3a:", "hdfs:")):
            tree[section][key] = str(home / value)
    return tree
