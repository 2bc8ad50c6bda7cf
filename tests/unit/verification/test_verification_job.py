"""The job `verify`: exit codes, one sentence where nothing can be compared, the first rows that differ."""

import json

import pytest

import jobs.verify as job
from tests.support.verification.lakehouse import SampleLakehouse


def run(lakehouse: SampleLakehouse, *words: str) -> int:
    """Runs the job on the folder of the sample lakehouse."""
    return job.main([*words, "--set", f"var={lakehouse.folder}", "--set", f"postgres.secrets={lakehouse.folder}"])


@pytest.fixture
def lakehouse_with_postgres(lakehouse: SampleLakehouse, monkeypatch: pytest.MonkeyPatch) -> SampleLakehouse:
    """The sample lakehouse, whose rows take the place of the database."""
    monkeypatch.setattr(job, "role_url", lambda _settings, _role: "")
    monkeypatch.setattr(job, "PostgresReader", lambda _url: lakehouse)
    return lakehouse


def test_a_second_run_gives_the_same_result(
    lakehouse_with_postgres: SampleLakehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    lakehouse_with_postgres.write()
    answers = []
    for _ in range(2):
        assert run(lakehouse_with_postgres, "--json") == 0
        answers.append(json.loads(capsys.readouterr().out))
    assert answers[0] == answers[1]
    assert answers[0]["exact"] is True
    assert {tuple(check) for check in answers[0]["checks"]} == {("name", "rows", "differences")}
    assert not list(lakehouse_with_postgres.folder.glob("afluente-verify-*"))


def test_a_difference_is_printed_with_its_first_rows(
    lakehouse_with_postgres: SampleLakehouse, capsys: pytest.CaptureFixture[str]
) -> None:
    lakehouse_with_postgres.rows("silver/posts")[0]["text"] = "not to be shown"
    lakehouse_with_postgres.write()
    assert run(lakehouse_with_postgres) == 1
    out = capsys.readouterr().out
    assert "silver_posts: the first 1 of 1" in out
    assert "NOT exact" in out
    assert "not to be shown" not in out


def test_no_database_is_one_sentence(lakehouse: SampleLakehouse, capsys: pytest.CaptureFixture[str]) -> None:
    lakehouse.write()
    assert run(lakehouse) == 3
    captured = capsys.readouterr()
    assert "services start" in captured.err
    assert captured.out == ""


def test_no_lake_is_one_sentence(lakehouse_with_postgres: SampleLakehouse, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(lakehouse_with_postgres, "--json") == 3
    captured = capsys.readouterr()
    assert "there is no lake" in captured.err
    assert captured.out == ""
