"""The recount after maintenance: it reads compacted files in place of deleted ones, if they have the same rows."""

import json
from pathlib import Path

import pytest
from deltalake import CommitProperties, DeltaTable

from tests.support.verification.lakehouse import SampleLakehouse
from warehouse.verification import VerificationError

MAINTENANCE = {"by": "maintain", "rows_of": 2}
"""Metadata of a compaction of silver's posts, whose newest batch is version 2."""


def find_posts_folder(lakehouse: SampleLakehouse) -> Path:
    return lakehouse.folder / "lake" / "silver" / "posts"


def compact_and_vacuum(lakehouse: SampleLakehouse, **metadata: object) -> None:
    """Compacts all files into one, with the newest batch's metadata updated by `metadata`; deletes the older files."""
    table = DeltaTable(find_posts_folder(lakehouse))
    merged = {**lakehouse.tables["silver/posts"][-1][0], **metadata}
    table.optimize.compact(commit_properties=CommitProperties(custom_metadata={"userMetadata": json.dumps(merged)}))
    kept = set(table.file_uris())
    assert len(kept) == 1
    for file in find_posts_folder(lakehouse).glob("*/*.parquet"):
        if str(file) not in kept:
            file.unlink()


def test_compacted_files_are_read_in_place_of_the_deleted_ones(lakehouse: SampleLakehouse) -> None:
    lakehouse.write()
    compact_and_vacuum(lakehouse, **MAINTENANCE)
    report = lakehouse.recount()
    assert {check.name: check.examples for check in report.checks if check.differences} == {}
    assert report.snapshot["silver"]["posts"] == 3


def test_a_row_that_maintenance_deletes_is_found(lakehouse: SampleLakehouse) -> None:
    lakehouse.write()
    table = DeltaTable(find_posts_folder(lakehouse))
    metadata = json.dumps({**lakehouse.tables["silver/posts"][-1][0], **MAINTENANCE})
    table.delete("post_id = 'c'", commit_properties=CommitProperties(custom_metadata={"userMetadata": metadata}))
    failing = {check.name for check in lakehouse.recount().checks if check.differences}
    assert {"ledger_rows", "author_days", "gold_author_days"} <= failing


def test_compacted_files_are_read_although_older_commits_were_deleted(lakehouse: SampleLakehouse) -> None:
    lakehouse.write()
    lakehouse.commit("silver/posts", {**lakehouse.tables["silver/posts"][-1][0], **MAINTENANCE}, [])
    compact_and_vacuum(lakehouse, **MAINTENANCE)
    DeltaTable(find_posts_folder(lakehouse)).create_checkpoint()
    for version in range(4):
        (find_posts_folder(lakehouse) / "_delta_log" / f"{version:020d}.json").unlink()
    report = lakehouse.recount()
    assert {check.name: check.examples for check in report.checks if check.differences} == {}


@pytest.mark.parametrize("metadata", [{"by": "replay"}, {**MAINTENANCE, "rows_of": 3}])
def test_files_with_other_rows_are_not_read_instead(lakehouse: SampleLakehouse, metadata: dict[str, object]) -> None:
    lakehouse.write()
    compact_and_vacuum(lakehouse, **metadata)
    with pytest.raises(VerificationError, match="version 2 of silver/posts can no longer be read: let the stream"):
        lakehouse.recount()
