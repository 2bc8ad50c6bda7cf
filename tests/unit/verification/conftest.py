"""The fixture of the tests of the recount."""

from pathlib import Path

import pytest

from tests.support.verification.lakehouse import SampleLakehouse
from tests.support.verification.sample import make_lakehouse


@pytest.fixture
def lakehouse(tmp_path: Path) -> SampleLakehouse:
    """Journal, lake and PostgreSQL that agree with each other; a test changes what it needs."""
    return make_lakehouse(tmp_path)
