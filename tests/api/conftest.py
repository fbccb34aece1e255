from collections.abc import Iterator

import pytest

from samspel.encounters.actions.from_systems import NAMES


@pytest.fixture(autouse=True)
def fresh_names() -> Iterator[None]:
    """Names that a test before made are not there any more."""
    NAMES.clear()
    yield
    NAMES.clear()
