from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samspel.engine.themes import (
    OTHER,
    Language,
    Lexicon,
    Note,
    Placement,
    Problem,
    add,
    check,
    describe,
    move,
    parse_lexicon,
    solve,
    take_apart,
)

from .meetings import LEXICON, WORDS, notes, problems, solved, themes_of


@settings(max_examples=150, deadline=None)
@given(problems())
def test_every_result_keeps_its_promises(problem: Problem):
    state = solved(problem)

    assert check(problem, state.result) == []
    assert solved(problem).result == state.result


@settings(max_examples=60, deadline=None)
@given(problems(), st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join))
def test_a_note_that_comes_moves_no_other(problem: Problem, text: str):
    state = solved(problem)

    after = add(state, Note("late", text, "sv"))

    assert after.result.placements[:-1] == state.result.placements
    assert check(after.problem, after.result) == []


@settings(max_examples=60, deadline=None)
@given(problems())
def test_solving_again_moves_no_placed_note(problem: Problem):
    result = solved(problem).result

    again = solve(problem, rng=np.random.default_rng(2), earlier=result).result

    moved = [
        (before, after)
        for before, after in zip(result.placements, again.placements, strict=True)
        if before.is_placed and after.theme != before.theme and after.confidence < 0.9
    ]
    assert moved == []
    assert check(problem, again) == []


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_no_theme(random):
    written = list(
        notes("cykelväg till skolan", "bänk i parken", "bussen är sen", "fontän", "träd", "fontän i skogen", "lampa")
    )
    before = themes_of(solved(Problem(tuple(written), LEXICON, find=0)))
    random.shuffle(written)

    assert themes_of(solved(Problem(tuple(written), LEXICON, find=0))) == before


def test_words_count_in_other_forms_in_compounds_as_phrases_and_in_the_other_languages():
    written = (
        Note("form", "Bussarna", "sv"),
        Note("beginning", "Cykelbanan", "sv"),
        Note("end", "Nattbussen", "sv"),
        Note("phrase", "A cycle path, please", "en"),
        Note("other language", "bike kitchen", "sv"),
        Note("capitals", "More IT for all", "en"),
        Note("builds sentences", "I like it", "en"),
    )

    themes = themes_of(solved(Problem(written, LEXICON)))

    assert themes == {
        "form": "bus",
        "beginning": "cycling",
        "end": "bus",
        "phrase": "cycling",
        "other language": "cycling",
        "capitals": "bus",
        "builds sentences": OTHER,
    }


@pytest.mark.parametrize(
    ("text", "language"),
    [
        pytest.param("Bicyclettes", "en", id="English has no compounds"),
        pytest.param("Cykelbanan", "en", id="part of another language's word"),
        pytest.param("Cykelbanan", "da", id="part of a neighbour language's word"),
    ],
)
def test_what_only_looks_like_a_part_of_a_word_says_nothing(text: str, language: Language):
    lexicon = parse_lexicon("[cycling]\nsv: cykel\nda: cykler\nen: bicycle\n[bus]\nsv: buss\nda: bus\nen: bus")

    themes = themes_of(solved(Problem((Note("1", text, language),), lexicon)))

    assert themes == {"1": OTHER}


def test_a_word_that_only_has_the_same_stem_says_less_than_one_with_an_ending():
    lexicon = parse_lexicon("[animals]\nen: animal\n[bus]\nen: bus")
    written = (Note("ending", "Animals here", "en"), Note("stem", "Animated films", "en"))

    ending, other = solved(Problem(written, lexicon)).result.placements

    assert ending.theme == other.theme == "animals"
    assert ending.confidence > other.confidence


def test_a_note_tells_which_of_its_words_speak_for_the_theme():
    state = solved(Problem(notes("Cykelvägen till parken är mörk", "en cykel")))
    assert state.result.placements[0].words == ()

    state = solved(Problem(notes("Cykelvägen är mörk"), LEXICON))

    assert state.result.placements[0].words == ("cykelvägen",)


def test_words_that_tell_as_much_about_a_theme_stand_in_the_same_order_in_every_run():
    state = solved(Problem(notes("cykel tur regn zebra apa", "bussen"), LEXICON, find=0))

    assert state.result.themes[0].words == ("apa", "cykel", "regn", "tur", "zebra")


def test_a_word_of_a_theme_with_many_words_says_less_than_one_of_a_theme_with_few():
    lexicon = parse_lexicon(f"[long]\nsv: regn, {', '.join(f'ord{letter}' for letter in 'abcdefgh')}\n[short]\nsv: sol")

    (place,) = solved(Problem(notes("regn och sol"), lexicon)).result.placements

    assert place.theme == "short"


def test_the_language_is_seen_when_it_is_not_said():
    lexicon = parse_lexicon("[a]\nda: =far\n[b]\nen: =far")
    written = (Note("da", "Min far er ikke her mere"), Note("en", "It is too far for the children to walk"))

    assert themes_of(solved(Problem(written, lexicon))) == {"da": "a", "en": "b"}


def test_a_drag_teaches_at_once_and_placed_notes_stay():
    written = notes("Fontänen läcker", "En ny fontän vid torget", "Fontänen igen, gör något", "cykel", "träd")
    before = solved(Problem(written, LEXICON))
    assert themes_of(before)["2"] == OTHER

    after = move(before, "1", "trees")

    assert themes_of(after) == {"1": "trees", "2": "trees", "3": "trees", "4": "cycling", "5": "trees"}
    assert after.result.placements[0].because == "hand"
    assert check(after.problem, after.result) == []
    assert themes_of(add(after, Note("6", "Vilken fontän!", "sv")))["6"] == "trees"


def test_a_note_can_be_moved_to_a_new_theme_and_back_to_other():
    state = solved(Problem(notes("fontän", "fontänen", "cykel"), LEXICON))

    made = move(state, "1", "Vatten")
    back = move(made, "1", OTHER)

    assert [theme.origin for theme in made.result.themes if theme.id == "Vatten"] == ["hand"]
    assert themes_of(made)["1"] == "Vatten"
    assert themes_of(back)["1"] == OTHER
    assert check(back.problem, back.result) == []


def test_repeats_are_merged_and_taken_apart_and_merged_again():
    problem = Problem(notes("Fler bänkar i parken", "fler bänkar i parken!", "cykel"), LEXICON)
    merged = solved(problem)
    assert merged.result.repeats == {"1": ("2",)}

    apart = take_apart(merged, "2", "1")
    again = solved(replace(apart.problem, apart=frozenset()))

    assert apart.result.repeats == {}
    assert [place.because for place in apart.result.placements[:2]] == ["words", "words"]
    assert again.result == merged.result


def test_two_repeats_of_the_same_note_are_taken_apart():
    state = solved(Problem(notes("Fler bänkar", "fler bänkar!", "Fler bänkar?", "cykel"), LEXICON))
    assert state.result.repeats == {"1": ("2", "3")}

    after = take_apart(state, "2", "3")

    assert after.result.repeats == {"1": ("2",)}
    assert check(after.problem, after.result) == []
    assert solved(after.problem).result.repeats == after.result.repeats
    assert add(after, Note("5", "fler bänkar", "sv")).result.placements[-1].same_as == "1"


def test_a_late_repeat_joins_the_note_it_repeats_also_a_late_one():
    state = solved(Problem(notes("Fler bänkar i parken"), LEXICON))

    state = add(state, Note("late", "Snöröj cykelvägarna", "sv"))
    state = add(state, Note("later", "snöröj cykelvägarna!", "sv"))
    state = add(state, Note("last", "fler bänkar i parken", "sv"))

    assert [place.same_as for place in state.result.placements] == [None, None, "late", "1"]
    again = solve(state.problem, rng=np.random.default_rng(1), earlier=state.result)
    assert again.result.repeats == state.result.repeats
    assert check(move(state, "late", "bus").problem, move(state, "late", "bus").result) == []


def made_up(topics: dict[str, tuple[str, ...]], each: int, seed: int = 3) -> tuple[Note, ...]:
    rng = np.random.default_rng(seed)
    texts = [
        " ".join(rng.choice(words, 4, replace=False).tolist() + rng.choice(("vid", "ett", "mer"), 2).tolist())
        for words in topics.values()
        for _ in range(each)
    ]
    return notes(*texts)


TOPICS = {
    "water": ("fontän", "springbrunn", "damm", "kanal", "brunn", "vattenlek"),
    "music": ("trumma", "gitarr", "orkester", "sång", "scen", "konsert"),
}


def test_themes_nobody_named_are_found_named_by_their_words_and_live_on():
    problem = Problem(made_up(TOPICS, each=30), LEXICON, find=2)
    state = solved(problem)
    found = [theme for theme in state.result.themes if theme.origin == "found"]
    assert {theme.words[0] in TOPICS["water"] for theme in found} == {True, False}
    assert all(theme.name("sv") == " · ".join(theme.words[:3]) for theme in found)
    of_topic = [set(list(themes_of(state).values())[start : start + 30]) for start in (0, 30)]
    assert sorted(map(len, of_topic)) == [1, 1]

    late = add(state, Note("late", "fontän och springbrunn i en damm", "sv"))
    later = solve(late.problem, rng=np.random.default_rng(9), earlier=late.result)

    assert {themes_of(late)["late"]} == of_topic[0]
    names = {theme.id: theme.names for theme in later.result.themes}
    assert all(names[theme.id] == theme.names for theme in found)
    assert [place.theme for place in later.result.placements] == [place.theme for place in late.result.placements]
    assert check(later.problem, later.result) == []


def test_without_lexicon_and_number_the_number_follows_the_notes():
    problem = Problem(made_up(TOPICS, each=30), Lexicon())

    result = solved(problem).result

    assert 1 <= sum(theme.origin == "found" for theme in result.themes) <= 3
    assert check(problem, result) == []


def test_a_sentence_model_places_what_no_word_speaks_for():
    def embed(texts):
        return np.array([[1.0, 0.0] if "träd" in text or "björk" in text else [0.0, 1.0] for text in texts])

    problem = Problem(notes("träd", "björkar", "cykel"), LEXICON)

    state = solve(problem, rng=np.random.default_rng(1), embed=embed)

    assert themes_of(state)["2"] == "trees"
    assert themes_of(add(state, Note("4", "en björk", "sv")))["4"] == "trees"


@pytest.mark.parametrize("rows", [np.zeros(2), np.zeros((1, 2)), np.full((2, 2), np.nan)])
def test_a_sentence_model_that_answers_wrongly_is_told(rows: np.ndarray):
    with pytest.raises(ValueError, match="embed must give 2 finite rows"):
        solve(Problem(notes("a", "b")), rng=np.random.default_rng(1), embed=lambda _: rows)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"notes": (Note("1", "a"), Note("1", "b"))}, "an id each"),
        ({"moved": {"9": "trees"}}, "moved must name notes, got '9'"),
        ({"apart": frozenset({frozenset({"1"})})}, "pairs of two"),
        ({"find": -1}, "at least 0"),
    ],
)
def test_a_problem_that_cannot_be_is_told(change: dict[str, object], message: str):
    with pytest.raises(ValueError, match=message):
        replace(Problem(notes("a")), **change)


def test_no_notes_have_no_places():
    state = solved(Problem((), LEXICON))

    assert state.result.placements == ()
    assert state.result.coverage == 1.0
    assert themes_of(add(state, Note("1", "cykel", "sv"))) == {"1": "cycling"}


def test_what_was_done_is_told_in_words():
    problem = Problem(notes("cykel", "Cykel!", "fontän", "x y", "buss"), LEXICON, moved={"5": "trees"})

    told = {one.kind: one for one in describe(problem, solved(problem).result)}

    assert dict(told["coverage"].numbers)["notes"] == 5
    assert told["merged"].text.startswith("1 note says what an earlier one says")
    assert told["other"].text == "2 notes are in no theme."
    assert told["moved"].text == "1 note is where somebody moved them."


SPOILT = [
    ({"theme": "nowhere"}, "must be one of the themes"),
    ({"confidence": 1.5}, "from 0 to 1"),
    ({"words": ("fontän",)}, "must stand in the note"),
    ({"because": "hand"}, "was not"),
    ({"because": "nothing"}, "must be in other"),
    ({"same_as": "2"}, "earlier note"),
    ({"note_id": "9"}, "one for each note"),
]


@pytest.mark.parametrize(("change", "message"), SPOILT)
def test_the_checker_sees_what_is_spoilt(change: dict[str, object], message: str):
    problem = Problem(notes("cykel", "buss"), LEXICON)
    result = solved(problem).result
    first: Placement = replace(result.placements[0], **change)

    told = check(problem, replace(result, placements=(first, result.placements[1])))

    assert any(message in sentence for sentence in told), told


def test_the_checker_sees_a_move_that_was_not_obeyed_and_a_repeat_that_was_not_merged():
    problem = Problem(notes("cykel", "cykel", "buss"), LEXICON)
    result = solved(problem).result
    alone = replace(
        result, placements=(result.placements[0], replace(result.placements[1], same_as=None), *result.placements[2:])
    )

    assert any("must be where it was moved" in told for told in check(replace(problem, moved={"3": "trees"}), result))
    assert any("must be merged" in told for told in check(problem, alone))
    assert any(
        "taken apart" in told for told in check(replace(problem, apart=frozenset({frozenset({"1", "2"})})), result)
    )
    assert any("first and other last" in told for told in check(problem, replace(result, themes=result.themes[1:])))
