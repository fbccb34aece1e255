"""Texts found by words of one's own."""

import pytest

from samspel.core.finding import found_by

TEXTS = (
    "Få plats i förskolan",
    "Få bygga",
    "Det är för mörkt vid busshållplatsen",
    "Vi fick vänta länge på hemtjänsten. Omsorg i hemmet",
    "Ingen svarade på mitt bygglov. Stadsbyggnad",
)


@pytest.mark.parametrize(
    ("words", "best"),
    [
        ("HEMTJÄNSTEN vänta", 3),  # as it is written, in any order
        ("mormor behöver hemtjänst", 3),  # another form, among other words
        ("day care for my child", 0),  # in another language
        ("børnehave", 0),
        ("stadsbygg", 4),  # a part
    ],
)
def test_what_the_words_are_about_comes_first(words: str, best: int) -> None:
    assert found_by(words, TEXTS)[0] == best


@pytest.mark.parametrize("words", ["", "  ", "xyzzy", "\0"])
def test_words_that_are_about_nothing_find_nothing(words: str) -> None:
    assert found_by(words, TEXTS) == []


def test_no_text_is_found_twice_and_none_is_not_an_error() -> None:
    found = found_by("bygglov", TEXTS)

    assert len(found) == len(set(found))
    assert found_by("bygglov", ()) == []
