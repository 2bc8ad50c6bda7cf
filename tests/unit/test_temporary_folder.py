"""Temporary files of Spark jobs: a folder for each job, deleted at its end, after a kill by the next start."""

from pathlib import Path

from jobs.spark_submit import _temporary_folder


def test_two_jobs_have_folders_of_their_own_and_leave_none(tmp_path: Path) -> None:
    with _temporary_folder(tmp_path / "tmp") as first:
        (first / "shuffle").mkdir()
        with _temporary_folder(tmp_path / "tmp") as second:
            assert first != second
            assert (first / "shuffle").is_dir()
        assert not second.exists()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_the_folder_of_a_killed_launcher_is_deleted_by_the_next_start(tmp_path: Path) -> None:
    left = tmp_path / "tmp" / "left" / "blockmgr"
    left.mkdir(parents=True)
    with _temporary_folder(tmp_path / "tmp") as own:
        assert [path.name for path in (tmp_path / "tmp").iterdir()] == [own.name]
