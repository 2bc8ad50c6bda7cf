"""The status of each version in `ops.model_version`: one champion per model."""

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from warehouse.database.connections import connect, read_sql


@dataclass(frozen=True)
class Registration:
    """One row of `ops.model_version`. `data_until`: ISO time with a zone."""

    version: int
    manifest_sha256: str
    metrics: Mapping[str, float]
    data_until: str
    decision: str
    is_champion: bool


class Registry:
    """The versions of one model."""

    def __init__(self, url: str, model: str) -> None:
        self._url = url
        self._model = model

    def find_champions(self) -> dict[int, str]:
        """Version -> hash of its manifest: the champion first, then former ones, newest first."""
        with closing(connect(self._url, application_name="afluente models")) as session, session:
            cursor = session.cursor()
            cursor.execute(read_sql("models/sql/champions.sql"), {"model": self._model})
            return dict(cursor.fetchall())

    def find_versions(self) -> list[int]:
        """All that were ever registered."""
        with closing(connect(self._url, application_name="afluente models")) as session, session:
            cursor = session.cursor()
            cursor.execute(read_sql("models/sql/versions.sql"), {"model": self._model})
            return [version for (version,) in cursor.fetchall()]

    def register(self, registration: Registration) -> None:
        """Adds a version in one transaction; as the champion it retires the one before. Idempotent."""
        values = {
            "model": self._model,
            "version": registration.version,
            "manifest_sha256": registration.manifest_sha256,
            "metrics": json.dumps(registration.metrics, sort_keys=True),
            "data_until": registration.data_until,
            "decision": registration.decision,
        }
        with closing(connect(self._url, application_name="afluente models")) as session, session:
            cursor = session.cursor()
            if registration.is_champion:
                cursor.execute(read_sql("models/sql/retire.sql"), values)
            status = "champion" if registration.is_champion else "candidate"
            cursor.execute(read_sql("models/sql/register.sql"), {**values, "status": status})
