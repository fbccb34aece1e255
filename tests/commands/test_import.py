"""What samspel import takes with what."""

from pathlib import Path

import pytest

from samspel.cli import main


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["staff", "--template"], "--template is for encounters and posts, not for staff"),
        (["staff", "--rejected", "not.csv"], "--rejected is for encounters and posts, not for staff"),
        (["staff", "--adults-agreed", "paper"], "--adults-agreed is for posts, not for staff"),
        (["encounters", "--codes", "codes.csv"], "--codes is for posts, not for encounters"),
    ],
)
def test_an_option_that_is_for_something_else_is_told_before_anything_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    file = tmp_path / "staff.csv"
    file.write_text("name,email,unit\n", encoding="utf-8")

    done = main(["import", words[0], str(file), *words[1:]])

    assert done == 1
    assert told in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["staff.csv"]
    assert file.read_text(encoding="utf-8") == "name,email,unit\n"
