"""The job `report` on a migrated database: a week with injected events, the same bytes twice, and nothing to report."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from jobs.report import main
from tests.support.postgres import MIGRATED, make_database
from tests.support.warehouse_rows import apply_batch, make_reading, read_all
from tests.support.week_of_facts import load_week
from warehouse.database.connections import Connection, connect, role_url
from warehouse.errors import RunMigrate
from warehouse.reports.errors import CorrectTheWindow
from warehouse.settings import PostgresSettings

NAME = "report_20260307T1234Z_20260308T1234Z"


@pytest.fixture(scope="module")
def week(migrated_template: PostgresSettings) -> PostgresSettings:
    """A database with the week of facts of three machines."""
    settings = make_database(migrated_template, MIGRATED)
    load_week(settings, settings.url.rpartition("/")[2])
    return settings


@pytest.fixture(scope="module")
def reader(week: PostgresSettings) -> Iterator[Connection]:
    with closing(connect(role_url(week, "reader"), application_name="tests")) as session:
        yield session


def words(settings: PostgresSettings, folder: Path, *more: str) -> list[str]:
    places = (f"var={folder}", f"postgres.url={settings.url}", f"postgres.secrets={settings.secrets}")
    return ["--profile", "test", *(word for place in places for word in ("--set", place)), *more]


@pytest.fixture(scope="module")
def charts(week: PostgresSettings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The charts of the newest day, by name, as JSON."""
    folder = tmp_path_factory.mktemp("charts")
    assert main(words(week, folder, "--format", "json")) == 0
    report = json.loads((folder / "reports" / f"{NAME}.json").read_text())
    return {chart["name"]: chart for section in report["sections"] for chart in section["charts"]}


@pytest.mark.parametrize("form", ["html", "json"])
def test_twice_the_same_bytes(
    week: PostgresSettings, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "reports" / f"{NAME}.{form}"
    assert main(words(week, tmp_path, "--format", form)) == 0
    first, printed = path.read_bytes(), capsys.readouterr().out
    path.unlink()
    explicit = ("--from", "2026-03-07T12:34", "--to", "2026-03-08T09:34-03:00")
    assert main(words(week, tmp_path, "--format", form, *explicit)) == 0

    assert path.read_bytes() == first
    assert capsys.readouterr().out == printed
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_the_page_holds_no_markup_of_the_database(week: PostgresSettings, tmp_path: Path) -> None:
    assert main(words(week, tmp_path)) == 0
    text = (tmp_path / "reports" / f"{NAME}.html").read_text(encoding="utf-8")

    assert "<script>alert(1)" not in text
    assert "<img src=x" not in text
    assert "#&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert text.count("plotly.js v") == 1


def test_the_summary_is_a_table_or_json(
    week: PostgresSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(week, tmp_path)) == 0
    printed = " ".join(capsys.readouterr().out.split())
    for part in ("2026-03-07 12:34 to 2026-03-08 12:34 UTC", "most used hashtag #chuva", f"{NAME}.html"):
        assert part in printed

    assert main(words(week, tmp_path, "--json")) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["file"].endswith(f"{NAME}.html")
    assert summary["window"] == {"from": "2026-03-07T12:34:00Z", "to": "2026-03-08T12:34:00Z", "time_zone": "UTC"}
    assert "chuva" in summary["sentences"]["rising"]


def test_the_injected_events_are_reported(charts: dict[str, dict[str, Any]]) -> None:
    reasons = {row[0]: row[2] for row in charts["attention"]["rows"]}
    assert reasons["machine-03"].startswith("failed on 8 Mar 04:00 and is not repaired")
    assert "vibration above its limit of 4.50 mm/s in 42 minutes" in reasons["machine-03"]
    assert reasons["machine-02"].startswith("no data since 8 Mar 12:00; temperature unusually high in 25 minutes")
    assert reasons["machine-01"] == "1 failure, repaired after 1 h 10 min; no data for 45 min in 1 gap"
    assert charts["coverage"]["rows"] == [["Readings", "2026-03-08T01:00:00Z", "2026-03-08T01:30:00Z", 30]]
    assert charts["rising"]["rows"][0][0] == "#chuva"
    assert charts["latency"]["rows"][0][1] == "2026-03-08T01:34:00Z"
    assert [row[1] for row in charts["segments"]["rows"]] == [142, 186, 359, 184]


def test_sums_equal_those_of_the_serving_views(charts: dict[str, dict[str, Any]], reader: Connection) -> None:
    bounds = "minute >= '2026-03-07 12:34Z' AND minute < '2026-03-08 12:34Z'"
    uses = read_all(reader, f"SELECT sum(posts) FROM serving.hashtag_minutes WHERE {bounds}")  # noqa: S608 - a constant
    stored = read_all(
        reader,
        f"SELECT sum(rows) FROM serving.pipeline_counts WHERE outcome = 'silver' AND {bounds}",  # noqa: S608 - a constant
    )
    authors = read_all(reader, "SELECT count(*) FROM serving.author_segments WHERE day = '2026-03-08'")

    assert sum(row[1] or 0 for row in charts["uses"]["rows"]) == uses[0][0]
    assert sum(row[2] for row in charts["top"]["rows"]) == uses[0][0]
    assert sum(row[2] for row in charts["problems"]["rows"] if row[1] == "stored") == stored[0][0]
    assert sum(row[1] for row in charts["segments"]["rows"]) == authors[0][0]


def test_anomalies_of_the_newest_day_are_those_of_the_serving_view(
    charts: dict[str, dict[str, Any]], reader: Connection
) -> None:
    expected = read_all(
        reader,
        "SELECT machine_id, sensor, is_outside_limits, count(*) FROM serving.machine_anomalies GROUP BY 1, 2, 3",
    )
    found = {(row[0], row[3], "limit" in row[4]): row[2] for row in charts["anomalies"]["rows"]}
    assert found == {(machine, sensor, outside): minutes for machine, sensor, outside, minutes in expected}
    assert len(found) == 2


def test_a_window_of_the_past_knows_nothing_of_what_came_after_it(week: PostgresSettings, tmp_path: Path) -> None:
    bounds = ("--from", "2026-03-06T12:00", "--to", "2026-03-07T23:00")
    assert main(words(week, tmp_path, "--format", "json", *bounds)) == 0
    report = json.loads((tmp_path / "reports" / "report_20260306T1200Z_20260307T2300Z.json").read_text())
    charts = {chart["name"]: chart for section in report["sections"] for chart in section["charts"]}

    assert [row[:3] for row in charts["failures"]["rows"]] == [["machine-01", "2026-03-07T22:00:00Z", None]]
    assert charts["movements"]["sentence"] == "There is no earlier assignment to compare with."
    assert charts["coverage"]["rows"] == [["Posts", "2026-03-07T03:10:00Z", "2026-03-07T05:30:00Z", 140]]
    assert "2026-03-07 22:5" in report["data_age"]


def test_nothing_to_report_is_said(
    postgres: PostgresSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(postgres, tmp_path)) == 0
    assert capsys.readouterr().out == "There is nothing to report: the database holds no event yet.\n"
    assert main(words(postgres, tmp_path, "--json", "--from", "2026-03-01")) == 0
    assert json.loads(capsys.readouterr().out)["file"] is None
    assert not (tmp_path / "reports").exists()


def test_a_window_without_events_says_what_there_is(
    week: PostgresSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(week, tmp_path, "--from", "2026-04-01", "--to", "2026-04-02")) == 0
    assert capsys.readouterr().out == (
        "There is nothing to report from 2026-04-01 00:00 to 2026-04-02 00:00 UTC: the database holds events from "
        "2026-03-01 12:00 to 2026-03-08 12:33 UTC.\n"
    )


def test_machines_alone_make_a_report(postgres: PostgresSettings, tmp_path: Path) -> None:
    with closing(connect(role_url(postgres, "writer"), application_name="tests")) as writer:
        readings = [make_reading("machine-01", f"2026-03-06 12:0{n}Z", [60], "rotation_rpm") for n in range(5)]
        apply_batch(writer, "readings", {"reading_increments": readings})
    assert main(words(postgres, tmp_path, "--format", "json")) == 0
    report = json.loads((tmp_path / "reports" / "report_20260305T1205Z_20260306T1205Z.json").read_text())

    assert report["warnings"] == [
        "The data begins at 2026-03-06 12:00 UTC: the first 23 h 55 min of the window are empty."
    ]
    assert report["data_age"].startswith("The age of the data is not known")
    sentences = {chart["name"]: chart["sentence"] for section in report["sections"] for chart in section["charts"]}
    assert sentences["uses"] == "No post with a hashtag was written in the window."


@pytest.mark.parametrize("bounds", [("--from", "soon"), ("--from", "2026-03-02", "--to", "2026-03-01")])
def test_a_wrong_window_is_one_sentence(week: PostgresSettings, tmp_path: Path, bounds: tuple[str, ...]) -> None:
    with pytest.raises(CorrectTheWindow):
        main(words(week, tmp_path, *bounds))


def test_a_database_of_an_older_version_is_one_sentence(
    postgres: PostgresSettings, session_of: Any, tmp_path: Path
) -> None:
    with session_of("owner") as owner, owner.cursor() as cursor:
        cursor.execute("DROP VIEW serving.machine_minute_sums")
    apply_batch(session_of("writer"), "readings", {"reading_increments": [make_reading("m", "2026-03-06 12:00Z", [1])]})
    with pytest.raises(RunMigrate, match="migrate"):
        main(words(postgres, tmp_path))
