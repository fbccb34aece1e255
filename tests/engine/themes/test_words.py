import csv
import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samspel.engine.themes import Language, Note, WordCount, count_words, normalise, size_classes
from samspel.engine.themes.stopwords import STOP_WORDS


def words(*texts: str, language: Language = "sv") -> dict[str, int]:
    notes = [Note(str(number), text) for number, text in enumerate(texts)]
    return {word.word: word.count for word in count_words(notes, language=language)}


@pytest.mark.parametrize(
    ("language", "texts", "expected"),
    [
        ("sv", ("tid", "tiden", "tider", "tidens"), {"tid": 4}),
        ("sv", ("regler hindrar", "en regel"), {"regler": 1, "regel": 1, "hindrar": 1}),
        ("da", ("mødet", "møde", "møder"), {"møde": 3}),
        ("en", ("meeting", "meetings"), {"meeting": 2}),
    ],
)
def test_words_with_the_same_stem_are_one_word(language: Language, texts: tuple[str, ...], expected: dict[str, int]):
    assert words(*texts, language=language) == expected


def test_a_note_counts_a_word_once_and_is_named_with_it():
    counted = count_words([Note("x", "Tid, tid och tider"), Note("y", "mer tid")], language="sv")

    assert counted == [WordCount("tid", 2, ("tid", "tider"), ("x", "y"))]


def test_the_most_usual_form_is_shown_and_the_shortest_when_they_are_equally_usual():
    assert words("tiden", "tiden", "tid") == {"tiden": 3}
    assert words("tiden", "tid") == {"tid": 2}


def test_words_come_most_frequent_first_and_then_by_alphabet():
    counted = count_words([Note("1", "mod tillit"), Note("2", "tillit"), Note("3", "arbetsro")], language="sv")

    assert [word.word for word in counted] == ["tillit", "arbetsro", "mod"]


def test_words_that_only_build_sentences_single_letters_and_bare_numbers_are_left_out():
    assert words("Vi ska inte ha det så", "a b 2026 24/7 §", "🙂 …") == {}


def test_a_note_in_another_language_is_left_its_own_sentence_building_words():
    notes = [Note("a", "Det är bra"), Note("b", "How long and why do I have to wait?"), Note("c", "Have")]

    assert [word.word for word in count_words(notes, language="sv")] == ["bra", "have", "long", "wait"]


def test_capitals_keep_a_word_that_would_be_left_out_unless_everything_is_in_capitals():
    assert words("Our IT is slow", language="en") == {"IT": 1, "slow": 1}
    assert words("MORE IT TIME", language="en") == {"time": 1}


def test_the_capital_that_begins_a_sentence_is_not_part_of_the_word_but_a_name_keeps_its_own():
    assert words("Tillit. Mod! ”Lyssna”", "bordet Eldkvarn") == {
        "bordet": 1,
        "Eldkvarn": 1,
        "lyssna": 1,
        "mod": 1,
        "tillit": 1,
    }


def test_hyphens_and_apostrophes_hold_words_together_in_either_spelling():
    assert words("IT-stöd saknas") == {"IT-stöd": 1, "saknas": 1}
    assert words("o’clock", "o'clock", language="en") == {"o'clock": 2}


def test_letters_with_marks_are_the_same_whether_composed_or_not():
    assert words("m\u00f6te", "mo\u0308te") == {"möte": 2}


@pytest.mark.parametrize("language", ["sv", "da", "en"])
def test_the_lists_of_left_out_words_are_in_lower_case_and_short(language: Language):
    assert all(word == word.casefold() for word in STOP_WORDS[language])
    assert 80 < len(STOP_WORDS[language]) < 250


@given(st.lists(st.text(alphabet="abå -.!’\n1TIdn"), max_size=8))
def test_no_count_is_larger_than_the_number_of_notes_and_every_note_named_has_a_form(texts: list[str]):
    notes = [Note(str(number), text) for number, text in enumerate(texts)]

    for word in count_words(notes, language="sv"):
        assert 1 <= word.count == len(set(word.note_ids)) <= len(texts)
        assert word.word == word.forms[0]
        for note_id in word.note_ids:
            text = texts[int(note_id)].replace("’", "'").lower()
            assert any(form.lower() in text for form in word.forms)


@given(st.lists(st.integers(0, 500)))
def test_a_larger_count_never_gets_a_smaller_size(counts: list[int]):
    classes = size_classes(counts)

    assert all(1 <= size <= 8 for size in classes)
    for one, size in zip(counts, classes, strict=True):
        assert all(size <= other_size for other, other_size in zip(counts, classes, strict=True) if one >= other)


def test_the_largest_count_has_the_largest_size_and_nothing_has_the_smallest():
    assert size_classes([0, 0]) == [8, 8]
    assert size_classes([]) == []
    assert size_classes([5, 4, 5]) == [1, 2, 1]


@pytest.mark.parametrize("text", ["Tid", "tid.", "TID!", "  tid\n", "»Tid«"])
def test_the_same_proposal_is_recognised_whatever_its_capitals_and_marks(text: str):
    assert normalise(text) == "tid"


def test_other_words_or_another_order_are_another_proposal():
    assert normalise("mer tid") != normalise("tid mer") != normalise("tid")
    assert normalise("återkoppling") != normalise("aterkoppling")
    assert normalise("?!") == ""


@given(st.text())
def test_normalising_twice_changes_nothing(text: str):
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.data
def test_a_collection_of_real_notes_is_counted_with_few_words_of_no_meaning(data_dir: Path):
    with gzip.open(data_dir / "themes" / "work-all.tsv.gz", "rt", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    notes = [Note(str(number), row["text"]) for number, row in enumerate(rows) if row["lang"] == "sv"]

    counted = count_words(notes, language="sv")

    assert counted[0].count > 1
    assert not {word.word for word in counted} & STOP_WORDS["sv"]
