"""Temporary files of Spark jobs: each job's own, gone with it, and after a kill gone with the next start."""

from pathlib import Path

from jobs.spark_submit import _temporary_folder


def test_two_jobs_keep_apart_and_leave_nothing(tmp_path: Path) -> None:
    with _temporary_folder(tmp_path / "tmp") as first:
        (first / "shuffle").mkdir()
        with _temporary_folder(tmp_path / "tmp") as second:
            assert first != second
            assert (first / "shuffle").is_dir()
        assert not second.exists()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_what_a_killed_launcher_left_goes_with_the_next_start(tmp_path: Path) -> None:
    left = tmp_path / "tmp" / "left" / "blockmgr"
    left.mkdir(parents=True)
    with _temporary_folder(tmp_path / "tmp") as own:
        assert [path.name for path in (tmp_path / "tmp").iterdir()] == [own.name]
