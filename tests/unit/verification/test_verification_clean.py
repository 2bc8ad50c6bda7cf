"""The recount of a world without a fault, whole and in part."""

from tests.unit.verification.world import World


def test_everything_agrees(world: World) -> None:
    report = world.verify()
    assert {check.name: check.examples for check in report.checks if check.differences} == {}
    rows = {check.name: check.rows for check in report.checks}
    assert len(rows) == 32
    assert all(rows.values()), rows
    assert report.outside["unacknowledged"] == 1
    assert report.outside["foreign"] == 0
