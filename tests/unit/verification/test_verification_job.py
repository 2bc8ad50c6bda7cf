"""The job around the recount: exit codes, one sentence where nothing can be compared, examples of what differs."""

import json

import pytest

import jobs.verify as job
from tests.support.verification.world import World


def run(world: World, *words: str) -> int:
    """The job on the world's folder."""
    return job.main([*words, "--set", f"var={world.folder}", "--set", f"postgres.secrets={world.folder}"])


@pytest.fixture
def warehouse(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The world's facts in place of a database."""
    monkeypatch.setattr(job, "role_url", lambda _settings, _role: "")
    monkeypatch.setattr(job, "PostgresFacts", lambda _url: world)
    return world


def test_twice_the_same(warehouse: World, capsys: pytest.CaptureFixture[str]) -> None:
    warehouse.write()
    answers = []
    for _ in range(2):
        assert run(warehouse, "--json") == 0
        answers.append(json.loads(capsys.readouterr().out))
    assert answers[0] == answers[1]
    assert answers[0]["exact"] is True
    assert {tuple(check) for check in answers[0]["checks"]} == {("name", "rows", "differences")}
    assert not list(warehouse.folder.glob("afluente-verify-*"))


def test_a_difference_shows_its_first_rows(warehouse: World, capsys: pytest.CaptureFixture[str]) -> None:
    warehouse.rows("silver/posts")[0]["text"] = "not to be shown"
    warehouse.write()
    assert run(warehouse) == 1
    out = capsys.readouterr().out
    assert "silver_posts: the first 1 of 1" in out
    assert "NOT exact" in out
    assert "not to be shown" not in out


def test_no_database(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.write()
    assert run(world) == 2
    captured = capsys.readouterr()
    assert "services start" in captured.err
    assert captured.out == ""


def test_no_lake(warehouse: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(warehouse, "--json") == 2
    captured = capsys.readouterr()
    assert "there is no lake" in captured.err
    assert captured.out == ""
