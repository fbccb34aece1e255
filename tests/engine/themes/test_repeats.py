import pytest

from samspel.engine.themes.repeats import SAME_FROM, Repeats, gist_of, likeness

SAME = [
    ("Fler träd i staden", "fler TRÄD i staden!!"),
    ("Bygg en lekplats vid ån, barnen har ingenstans att vara", "Bygg en lekplats vid ån"),
    ("Mötet tar två timmar", "Mötet tar 2 timmar"),
    ("Bättre cykelvägar till skolan", "bättre cykelväg till skolorna"),
]
DIFFERENT = [
    ("Fler träd", "Fler bänkar"),
    ("Bättre belysning i tunneln", "Bättre belysning i parken"),
    ("Tid", "Tid att prata med dem vi är till för varje dag"),
    ("Öppna biblioteket", "Öppna simhallen"),
    ("och att det", "att vi kan"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_said_shorter_or_in_other_forms_is_a_repeat(one: str, other: str):
    assert likeness(gist_of(one, "sv"), gist_of(other, "sv")) >= SAME_FROM


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_sharing_some_words_is_not_a_repeat(one: str, other: str):
    assert likeness(gist_of(one, "sv"), gist_of(other, "sv")) < SAME_FROM


@pytest.mark.parametrize(("one", "other"), SAME + DIFFERENT)
def test_likeness_is_symmetric_and_a_note_is_like_itself(one: str, other: str):
    first, second = gist_of(one, "sv"), gist_of(other, "sv")

    assert likeness(first, second) == likeness(second, first)
    assert likeness(first, first) == 1.0


def test_a_note_is_found_by_what_it_says_and_not_where_it_may_not_be_merged():
    repeats = Repeats()
    repeats.add("a", gist_of("Fler bänkar längs promenaden", "sv"))
    again = gist_of("fler bänkar längs promenaden", "sv")

    assert repeats.find(again) == "a"
    assert repeats.find(again, may_merge=lambda note_id: note_id != "a") is None
    assert repeats.find(gist_of("fler bänkar längs promenaden", "da")) is None


def test_what_is_written_like_a_repeat_repeats_the_same_note():
    repeats = Repeats()
    repeats.add("a", gist_of("Fler bänkar längs promenaden", "sv"))
    spelled = gist_of("något helt annat", "sv")
    repeats.follow(spelled, "a")

    assert repeats.find(spelled) == "a"
