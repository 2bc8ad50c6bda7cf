"""Settings -> the Runtime that the queries of a driver share. Not a job; jobs with a Spark session import it."""

from pyspark.sql import SparkSession

from jobs.settings import Settings, load_quality
from streaming.queries.runtime import Runtime
from streaming.records.quality_rules import QualityRules
from streaming.settings import QualitySettings
from warehouse.database.connections import role_url
from warehouse.database.secret_files import ensure_key
from warehouse.lake.locks import TableLocks

PSEUDONYM_KEY = "pseudonym.key"


def build_runtime(spark: SparkSession, settings: Settings, *, available_now: bool = False) -> Runtime:
    """The Runtime for these settings."""
    return Runtime(
        spark=spark,
        lake=settings.lake,
        stream=settings.stream,
        kafka=settings.kafka,
        writer_url=role_url(settings.postgres, "writer"),
        key_file=str(ensure_key(settings.postgres.secrets / PSEUDONYM_KEY)),
        rules=build_rules(load_quality()),
        locks=TableLocks(spark, settings.lake.path, enabled=settings.lake.local_locks),
        available_now=available_now,
    )


def build_rules(quality: QualitySettings) -> QualityRules:
    """The rules in the form that transforms take, which do not import settings."""
    return QualityRules(**{**quality.model_dump(), "earliest": quality.earliest.isoformat()})
