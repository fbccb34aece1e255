import numpy as np
import pytest

from samspel.engine.themes.features import learn_space

WORDS = ("cykel", "cykelväg", "ö", "it-stöd", "väg", "vägväg", "东京")


@pytest.mark.parametrize("lengths", [(3, 4, 5), (2, 3, 4, 5)])
def test_letters_are_those_inside_the_words_numbered_as_they_are_met(lengths: tuple[int, ...]):
    notes = [("sv", WORDS), ("sv", WORDS)]

    space, rows = learn_space(notes, lengths)

    framed = [f"_{word}_" for word in WORDS]
    met = [word[i : i + size] for word in framed for size in lengths for i in range(len(word) - size + 1)]
    assert list(space.grams) == list(dict.fromkeys(met))
    assert list(space.grams.values()) == list(range(len(space.grams)))
    assert rows.shape == (2, len(space.stems) + len(space.grams))


def test_a_note_read_later_has_the_row_it_would_have_had():
    notes = [("sv", ("cykel", "väg")), ("sv", ("cykelväg", "buss")), ("da", ("cykel", "bus")), ("sv", ("regn",))]
    space, rows = learn_space(notes)

    again = space.rows(notes)

    np.testing.assert_allclose(again.toarray(), rows.toarray(), atol=1e-12)
    np.testing.assert_allclose(space.rows([("sv", ("helt", "okänd"))]).toarray(), 0)


def test_notes_without_words_have_rows_of_nothing():
    space, rows = learn_space([("sv", ()), ("sv", ())])

    assert rows.shape == (2, 0)
    assert space.rows([("sv", ("cykel",))]).shape == (1, 0)
