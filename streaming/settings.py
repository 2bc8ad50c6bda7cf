"""Settings of data in motion: broker, queries, generator, quality. Only `jobs.settings` reads them from conf/."""

from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from streaming.records.fields import LIMITED_TEXTS
from streaming.records.readings import SENSORS
from warehouse.settings import Section


class KafkaSettings(Section):
    """The broker. Empty `bootstrap_servers` means the embedded one."""

    bootstrap_servers: str = Field(description="host:port[,host:port]; empty: embedded broker")
    port: int = Field(ge=1, le=65535, description="loopback port of the embedded broker")
    controller_port: int = Field(ge=1, le=65535)
    data: Path
    properties: Path = Field(description="template of the embedded broker's server.properties")
    partitions: dict[str, int] = Field(description="topic -> partitions at creation")
    max_message_bytes: int = Field(gt=0, description="the broker refuses anything larger, producers never send it")
    retention_hours: int = Field(gt=0)

    @property
    def address(self) -> str:
        """Where clients connect: the brokers that are configured, else the embedded one."""
        return self.bootstrap_servers or f"127.0.0.1:{self.port}"


class QuerySettings(Section):
    """One streaming query: trigger, ingest cap, deduplication horizon, scheduler pool."""

    trigger_seconds: float = Field(gt=0)
    max_offsets_per_trigger: int = Field(default=0, ge=0, description="records of a batch; 0: gold reads no topic")
    horizon_seconds: int = Field(default=0, ge=0, description="deduplication horizon; 0: the query keeps no state")
    pool: Literal["fast", "slow"] = Field(description="scheduler pool of conf/pools.xml")
    starts_after_seconds: float = Field(
        default=0, ge=0, description="delay in a continuous run, in which the other queries start"
    )


class StreamSettings(Section):
    """All queries of the `stream` job."""

    checkpoints: Path
    queries: dict[str, QuerySettings]
    retry_max_seconds: float = Field(gt=0, description="longest pause between two attempts to reach an absent service")


class GeneratorSettings(Section):
    """Synthetic events; what they contain is configured in conf/generator.yaml."""

    journal: Path
    seed: int
    posts_per_second: float = Field(gt=0)
    post_producers: int = Field(gt=0)
    machines: int = Field(gt=0, le=1000)
    readings_per_second: float = Field(gt=0, description="per machine")


Rule = Literal[
    "malformed",
    "wrong_type",
    "missing_field",
    "unknown_kind",
    "nul_character",
    "too_long",
    "bad_time",
    "ancient_time",
    "future_time",
    "impossible_value",
]
"""Every rule a record can break."""
MAY_WARN = ("ancient_time", "future_time")
"""Rules whose action may be `warn`. A record that breaks another one lacks a value, or has one that a silver column,
PostgreSQL or an index there cannot hold."""


class QualitySettings(Section):
    """conf/quality.yaml: limits of a usable record, and the action for each rule that a record can break."""

    tolerance_minutes: int = Field(ge=0)
    earliest: date
    late_seconds: int = Field(ge=0)
    actions: dict[Rule, Literal["warn", "quarantine", "stop"]]
    stop_above_share: float = Field(ge=0, le=1, description="of a batch's records for quarantine")
    stop_from_records: int = Field(ge=1, description="smaller batches have no such limit")
    max_lengths: dict[str, int]
    sensor_limits: dict[str, tuple[float, float]]

    @field_validator("max_lengths", "sensor_limits")
    @classmethod
    def _all_and_only_known(cls, limits: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        known = LIMITED_TEXTS if info.field_name == "max_lengths" else SENSORS
        if wrong := sorted(set(known) ^ set(limits)):
            raise ValueError(f"{wrong[0]} is {'missing' if wrong[0] in known else 'not a field that has a limit'}")
        return limits

    @field_validator("actions")
    @classmethod
    def _only_typed_rows_are_kept(cls, actions: dict[str, str]) -> dict[str, str]:
        cannot = sorted(rule for rule, action in actions.items() if action == "warn" and rule not in MAY_WARN)
        if cannot:
            raise ValueError(
                f"{cannot[0]} cannot warn, because such a record has no place in the tables; "
                f"{' and '.join(MAY_WARN)} can"
            )
        return actions
