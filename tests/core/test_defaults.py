"""What a municipality may change does something."""

from pathlib import Path

import pytest

from samspel.core import defaults

SRC = Path(defaults.__file__).resolve().parent.parent


@pytest.mark.parametrize("key", defaults.SPECS)
def test_every_default_is_read_somewhere(key: str) -> None:
    own = Path(defaults.__file__)

    assert [path.name for path in SRC.rglob("*.py") if path != own and f'"{key}"' in path.read_text(encoding="utf-8")]


def test_every_default_is_within_its_limits() -> None:
    assert [spec.key for spec in defaults.SPECS.values() if not spec.least <= spec.value <= spec.most] == []
