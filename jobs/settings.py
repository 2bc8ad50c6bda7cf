"""The settings of a job: conf/base.yaml, then a profile, then AFLUENTE_* variables, then --set; the later one wins."""

import argparse
import os
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

from streaming.settings import GeneratorSettings, KafkaSettings, QualitySettings, StreamSettings
from warehouse.settings import LakeSettings, ModelSettings, PageSettings, PostgresSettings, Section

ROOT = Path(os.environ.get("AFLUENTE_HOME") or Path(__file__).resolve().parent.parent)
CONF = ROOT / "conf"
SPARK_JARS = ROOT / ".venv" / "jars" / "spark"
BROKER_JARS = ROOT / ".venv" / "jars" / "broker"

_PREFIX = "AFLUENTE_"
_NOT_SETTINGS = {"AFLUENTE_HOME", "AFLUENTE_PROFILE"}


class SettingsError(Exception):
    """The settings cannot be used; the message says which key to change."""


class CorrectTheCommandLine(SettingsError):
    """--profile or --set names something unknown, or sets a value that cannot be used."""


class SparkSettings(Section):
    """Options of spark-submit beside conf/spark-defaults.conf."""

    master: str
    driver_memory: str
    shuffle_partitions: int = Field(gt=0)


class Settings(Section):
    """All settings, frozen. Relative paths are relative to the project folder."""

    var: Path
    log_level: str = Field(pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    lake: LakeSettings
    postgres: PostgresSettings
    kafka: KafkaSettings
    spark: SparkSettings
    stream: StreamSettings
    generator: GeneratorSettings
    page: PageSettings
    models: ModelSettings


def add_settings_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the two options that every job has."""
    group = parser.add_argument_group("settings")
    group.add_argument(
        "--profile",
        metavar="NAME",
        default=os.environ.get("AFLUENTE_PROFILE", "dev"),
        help="conf/NAME.yaml on top of conf/base.yaml (default: %(default)s)",
    )
    group.add_argument(
        "--set",
        metavar="KEY=VALUE",
        dest="overrides",
        action="append",
        default=[],
        help="one setting by its dotted name, e.g. kafka.port=19092; may be repeated",
    )


def load_settings(profile: str, overrides: list[str] | None = None) -> Settings:
    """Reads and validates the settings.

    Raises:
        CorrectTheCommandLine: the profile, or a key or value of `overrides`, in one sentence.
        SettingsError: a key or value of a file or variable.
    """
    tree = _merge(_read_yaml(CONF / "base.yaml"), _read_yaml(CONF / f"{profile}.yaml"))
    for name, text in sorted(os.environ.items()):
        if name.startswith(_PREFIX) and name not in _NOT_SETTINGS:
            _apply(tree, name.removeprefix(_PREFIX).lower().replace("__", "."), text, source=name)
    keys = _apply_overrides(tree, overrides or [])
    try:
        return Settings.model_validate(_absolute_paths(tree))
    except ValidationError as error:
        is_override = any(f"{_find_key(error)}.".startswith(f"{key}.") for key in keys)
        raise (CorrectTheCommandLine if is_override else SettingsError)(_describe(error)) from None


def load_quality() -> QualitySettings:
    """Reads conf/quality.yaml.

    Raises:
        SettingsError: unknown key or invalid value, in one sentence.
    """
    try:
        return QualitySettings.model_validate(yaml.safe_load((CONF / "quality.yaml").read_text()))
    except ValidationError as error:
        raise SettingsError(f"conf/quality.yaml: {_describe(error)}") from None


def _read_yaml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        known = sorted(p.stem for p in CONF.glob("*.yaml") if p.stem in {"dev", "test", "cluster"})
        raise CorrectTheCommandLine(f"there is no profile {path.stem!r}; known profiles: {', '.join(known)}")
    return yaml.safe_load(path.read_text()) or {}


def _merge(base: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(base.get(key), dict)
        merged[key] = _merge(base[key], value) if both else value
    return merged


def _apply_overrides(tree: dict[str, Any], overrides: list[str]) -> list[str]:
    """Applies the words of --set; returns their keys."""
    keys = []
    for override in overrides:
        key, separator, text = override.partition("=")
        if not separator:
            raise CorrectTheCommandLine(f"--set {override!r}: write it as key=value")
        try:
            _apply(tree, key.strip(), text, source=f"--set {key}")
        except SettingsError as error:
            raise CorrectTheCommandLine(str(error)) from None
        keys.append(key.strip())
    return keys


def _apply(tree: dict[str, Any], key: str, text: str, source: str) -> None:
    """Replaces one leaf. In place of a text the new value is a text too; elsewhere it is read as YAML."""
    *parents, leaf = key.split(".")
    node: Any = tree
    for part in parents:
        node = node.get(part) if isinstance(node, dict) else None
    if not isinstance(node, dict) or leaf not in node:
        raise SettingsError(f"{source}: there is no setting {key!r} (conf/base.yaml lists them all)")
    try:
        node[leaf] = text if isinstance(node[leaf], str) else yaml.safe_load(text)
    except yaml.YAMLError:
        raise SettingsError(f"{source}: {text!r} is not a value") from None


def _describe(error: ValidationError) -> str:
    first = error.errors()[0]
    key = _find_key(error)
    shown = "" if key == "postgres.url" else f" (got {first.get('input')!r})"  # the URL may hold a password
    return f"setting {key!r}: {first['msg']}{shown}"


def _find_key(error: ValidationError) -> str:
    return ".".join(str(part) for part in error.errors()[0]["loc"])


def _absolute_paths(tree: dict[str, Any]) -> dict[str, Any]:
    """Makes the paths absolute: relative ones are below `var`, and `var` is below the project's folder."""
    home = (ROOT / str(tree["var"])).resolve()
    tree["var"] = str(home)
    tree["kafka"]["properties"] = str(CONF / tree["kafka"]["properties"])
    for section, key in (
        ("lake", "path"),
        ("postgres", "data"),
        ("postgres", "secrets"),
        ("kafka", "data"),
        ("stream", "checkpoints"),
        ("generator", "journal"),
        ("models", "path"),
    ):
        value = tree[section][key]
        if not str(value).startswith(("/", "s3a:", "hdfs:")):
            tree[section][key] = str(home / value)
    return tree
