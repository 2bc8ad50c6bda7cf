"""The fixture of the recount's tests."""

from pathlib import Path

import pytest

from tests.support.verification.sample import make_world
from tests.support.verification.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Lake, journal and warehouse that agree with each other; a test breaks one thing."""
    return make_world(tmp_path)
