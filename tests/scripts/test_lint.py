import pytest

import lint


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("", []),
        ("types", ["types"]),
        ("types migrations", ["types", "migrations"]),
        ("code form types one-way imports", ["code form", "types", "one-way imports"]),
    ],
)
def test_checks_are_named_one_after_the_other(said: str, names: list[str]) -> None:
    assert lint.named(said) == names


def test_what_is_no_check_is_told() -> None:
    with pytest.raises(ValueError, match="typos"):
        lint.named("types typos")
