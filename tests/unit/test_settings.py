"""Which source of a setting wins, and the error for a wrong one."""

from pathlib import Path

import pytest

from jobs.settings import CONF, ROOT, CorrectTheCommandLine, SettingsError, load_quality, load_settings

pytestmark = pytest.mark.usefixtures("clean_environment")


def test_a_variable_beats_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFLUENTE_KAFKA__PORT", "5001")
    assert load_settings("dev").kafka.port == 5001


def test_set_beats_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFLUENTE_KAFKA__PORT", "5001")
    assert load_settings("dev", ["kafka.port=5002"]).kafka.port == 5002


def test_the_last_set_wins() -> None:
    assert load_settings("dev", ["kafka.port=5002", "kafka.port=5003"]).kafka.port == 5003


def test_a_profile_holds_differences_only() -> None:
    assert load_settings("test").stream.queries["posts"] == load_settings("dev").stream.queries["posts"]
    assert load_settings("test").stream.queries["bronze"] != load_settings("dev").stream.queries["bronze"]


def test_paths_follow_var() -> None:
    settings = load_settings("dev", ["var=/elsewhere"])
    assert str(settings.kafka.data) == "/elsewhere/kafka"
    assert str(settings.lake.path) == "/elsewhere/lake"
    assert str(settings.generator.journal) == "/elsewhere/journal"


def test_relative_paths_are_relative_to_the_project() -> None:
    settings = load_settings("dev")
    assert settings.var == ROOT / "var"
    assert settings.kafka.properties == CONF / "kafka.properties"


def test_a_text_stays_a_text() -> None:
    """In place of a text, `yes` and `123` are texts."""
    assert load_settings("dev", ["postgres.url=123"]).postgres.url == "123"


def test_a_nested_key() -> None:
    assert load_settings("dev", ["kafka.partitions.posts=8"]).kafka.partitions["posts"] == 8


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("kafka.prot=1", "there is no setting 'kafka.prot'"),
        ("kafka.port", "write it as key=value"),
        ("kafka.port=many", "'kafka.port'"),
        ("kafka.port=[", "is not a value"),
        ("kafka.port=0", "'kafka.port'"),
        ("log_level=LOUD", "'log_level'"),
    ],
)
def test_a_wrong_set_is_named(override: str, words: str) -> None:
    with pytest.raises(CorrectTheCommandLine, match=words.replace("[", r"\[")):
        load_settings("dev", [override])


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFLUENTE_KAFKA__PROT", "1")
    with pytest.raises(SettingsError, match="AFLUENTE_KAFKA__PROT"):
        load_settings("dev")


def test_a_wrong_value_of_a_variable_is_no_error_of_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFLUENTE_KAFKA__PORT", "0")
    with pytest.raises(SettingsError, match=r"'kafka\.port'") as raised:
        load_settings("dev", ["kafka.controller_port=5002"])
    assert not isinstance(raised.value, CorrectTheCommandLine)


def test_an_unknown_profile_is_named() -> None:
    with pytest.raises(CorrectTheCommandLine, match=r"no profile 'prod'.*dev"):
        load_settings("prod")


def test_settings_are_frozen() -> None:
    settings = load_settings("dev")
    with pytest.raises(ValueError, match="frozen"):
        settings.kafka.port = 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("actions: {too_lnog: stop}", "conf/quality.yaml: setting 'actions.too_lnog"),
        ("actions: {too_long: warn}", "conf/quality.yaml: setting 'actions': .*too_long cannot warn"),
        ("actions: {too_long: ignore}", "conf/quality.yaml: setting 'actions.too_long'.*'quarantine'"),
        ("stop_above_share: 50", "conf/quality.yaml: setting 'stop_above_share'"),
    ],
)
def test_a_wrong_quality_rule_is_named(line: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (CONF / "quality.yaml").read_text().splitlines()
    kept = [old for old in lines if not old.startswith(line.partition(":")[0] + ":")]
    (tmp_path / "quality.yaml").write_text("\n".join([*kept, line]))
    monkeypatch.setattr("jobs.settings.CONF", tmp_path)
    with pytest.raises(SettingsError, match=words):
        load_quality()
