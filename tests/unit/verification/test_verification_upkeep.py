"""The recount beside maintenance: it reads on where files were joined and the older ones deleted, and only there."""

import json
from pathlib import Path

import pytest
from deltalake import CommitProperties, DeltaTable

from tests.support.verification.world import World
from warehouse.verification import VerificationError

MAINTENANCE = {"by": "maintain", "rows_of": 2}
"""Of silver's posts: version 2 is the newest batch."""


def posts_of(world: World) -> Path:
    return world.folder / "lake" / "silver" / "posts"


def join_files(world: World, **note: object) -> None:
    """OPTIMIZE, with the newest batch's position and `note` in its commit; then every other file is deleted."""
    table = DeltaTable(posts_of(world))
    position = {**world.tables["silver/posts"][-1][0], **note}
    table.optimize.compact(commit_properties=CommitProperties(custom_metadata={"userMetadata": json.dumps(position)}))
    kept = set(table.file_uris())
    assert len(kept) == 1
    for file in posts_of(world).glob("*/*.parquet"):
        if str(file) not in kept:
            file.unlink()


def test_joined_files_hold_the_rows_that_the_ledger_and_gold_have_seen(world: World) -> None:
    world.write()
    join_files(world, **MAINTENANCE)
    report = world.compare()
    assert {check.name: check.examples for check in report.checks if check.differences} == {}
    assert report.cut["silver"]["posts"] == 3


def test_a_row_that_maintenance_loses_is_found(world: World) -> None:
    world.write()
    table = DeltaTable(posts_of(world))
    note = json.dumps({**world.tables["silver/posts"][-1][0], **MAINTENANCE})
    table.delete("post_id = 'c'", commit_properties=CommitProperties(custom_metadata={"userMetadata": note}))
    failing = {check.name for check in world.compare().checks if check.differences}
    assert {"ledger_rows", "author_days", "gold_author_days"} <= failing


def test_a_cleaned_log_does_not_hide_whose_rows_they_are(world: World) -> None:
    world.write()
    world.commit("silver/posts", {**world.tables["silver/posts"][-1][0], **MAINTENANCE}, [])
    join_files(world, **MAINTENANCE)
    DeltaTable(posts_of(world)).create_checkpoint()
    for version in range(4):
        (posts_of(world) / "_delta_log" / f"{version:020d}.json").unlink()
    report = world.compare()
    assert {check.name: check.examples for check in report.checks if check.differences} == {}


@pytest.mark.parametrize("note", [{"by": "replay"}, {**MAINTENANCE, "rows_of": 3}])
def test_files_of_other_rows_are_not_read_instead(world: World, note: dict[str, object]) -> None:
    world.write()
    join_files(world, **note)
    with pytest.raises(VerificationError, match="version 2 of silver/posts can no longer be read: let the stream"):
        world.compare()
