"""Who could help whom, from plain words; the rules that nothing breaks, and the checker against planted faults."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samspel.core.lexicon import shipped_kinds_of_help
from samspel.engine.candidates import PARTS, Candidates, Post, Problem, Weights, check, find, finding, reasons


def offer(title: str, person: str = "Ali", **more: object) -> Post:
    return Post(f"offer of {person}: {title}", "offer", person, title, **more)  # type: ignore[arg-type]


def need(title: str, person: str = "Bo", **more: object) -> Post:
    return Post(f"need of {person}: {title}", "need", person, title, **more)  # type: ignore[arg-type]


def of(*posts: Post, weights: Weights | None = None, most: int = 12) -> Problem:
    return Problem(posts, shipped_kinds_of_help(), weights or Weights(), most=most)


def pairs(problem: Problem) -> list[tuple[str, str]]:
    found = find(problem)
    assert check(problem, found) == []
    return [
        (problem.posts[offer].title, problem.posts[need].title)
        for offer, need in zip(found.offers.tolist(), found.needs.tolist(), strict=True)
    ]


@pytest.mark.parametrize(
    ("offered", "needed"),
    [
        ("Kan köra bil", "Någon som kör mig till kunder"),
        ("Jeg kører gerne", "Skjuts till sjukhuset"),
        ("Mathematics for all ages", "Mattehjälp åt min dotter"),
        ("Bär och lyfter", "Help moving a sofa"),
        ("Hundpasser", "Dog walking in the mornings"),
        ("Gräsklippning", "Min gräsmatta är hög"),
    ],
)
def test_they_find_each_other_across_forms_compounds_and_languages(offered, needed):
    others = [offer("Spelar fiol", "Carin"), need("Någon som klipper håret", "Dag")]

    assert pairs(of(offer(offered), need(needed), *others)) == [(offered, needed)]


def test_rare_words_find_each_other_without_a_kind_of_help():
    problem = Problem((offer("Stämmer nyckelharpor"), need("Min nyckelharpa är ostämd"), need("Klippa håret", "Eva")))

    assert pairs(problem) == [("Stämmer nyckelharpor", "Min nyckelharpa är ostämd")]


@pytest.mark.parametrize(
    ("offered", "needed"),
    [("Nyckelharpa", "Spelman"), ("Glas", "Färgglas"), ("Vävstolsdelar", "Delar till vävstol")],
)
def test_parts_of_compounds_count(offered, needed):
    problem = Problem((offer(offered), need(needed), need("Klippa håret", "Eva"), offer("Harpa", "Fia")))

    assert ((offered, needed) in pairs(problem)) is (needed != "Spelman")


@pytest.mark.parametrize(
    ("offering", "needing", "may"),
    [
        ({}, {}, True),
        ({}, {"requires": frozenset({"licence"})}, False),
        ({"provides": frozenset({"licence", "lift"})}, {"requires": frozenset({"licence"})}, True),
        ({"requires": frozenset({"own tools"})}, {}, False),
        ({"requires": frozenset({"own tools"})}, {"provides": frozenset({"own tools"})}, True),
        ({"ends": 9}, {"begins": 10}, False),
        ({"ends": 10}, {"begins": 10}, True),
        ({"begins": 5, "ends": 8}, {"begins": 1, "ends": 4}, False),
        ({"person": "Bo"}, {}, False),
    ],
)
def test_what_one_requires_and_when_it_can_be_is_never_broken(offering, needing, may):
    given_, asked = {"person": "Ali", **offering}, needing

    assert bool(pairs(of(offer("Kan köra bil", **given_), need("Skjuts i bil", **asked)))) is may


@pytest.mark.parametrize(
    ("offering", "needing", "share"),
    [
        ({}, {}, 1.0),
        ({"ends": 5}, {"begins": 1}, 1.0),
        ({"begins": 1, "ends": 10}, {"begins": 6}, 0.5),
        ({"begins": 1, "ends": 10}, {"begins": 9, "ends": 12}, 0.5),
        ({"begins": 1, "ends": 10}, {"begins": 2, "ends": 3}, 1.0),
    ],
)
def test_time_is_a_share_of_the_shorter_window(offering, needing, share):
    problem = of(offer("Kan köra bil", **offering), need("Skjuts i bil", **needing))

    assert find(problem).parts_of(0)["time"] == share


def test_posts_of_nobody_named_are_not_one_persons():
    assert pairs(of(offer("Kan köra bil", ""), need("Skjuts i bil", "")))


def test_a_weight_changes_who_comes_first_and_can_be_reset():
    near, far = offer("Kör", "Ali", area="Norra"), offer("Kör bil till kunder", "Carin", area="Södra")
    posts = (near, far, need("Kör bil till kunder", area="Norra"))

    assert pairs(of(*posts, weights=Weights(words=9, place=0)))[0][0] == "Kör bil till kunder"
    assert pairs(of(*posts, weights=Weights(words=0, place=9)))[0][0] == "Kör"
    assert replace(Weights(words=0, place=9), words=4, place=2) == Weights()


def test_each_need_has_the_best_and_no_more_than_asked_for():
    offers = [offer("Kör bil", f"p{number}", area="Norra" if number == 5 else "Södra") for number in range(9)]

    found = find(problem := of(*offers, need("Skjuts i bil", area="Norra"), most=2))

    assert len(found) == 2
    assert problem.posts[found.offers[0]].person == "p5"
    assert found.scores[0] > found.scores[1]


def test_reasons_say_what_speaks_for_it():
    one = offer("Kan köra bil", area="Norra", provides=frozenset({"licence"}), languages=frozenset({"sv"}), ends=12)
    other = need(
        "Kör min bil",
        area="Södra",
        requires=frozenset({"licence"}),
        languages=frozenset({"sv", "ar"}),
        begins=10,
        category="home",
    )
    problem = of(one, replace(other, category=""))

    texts = [reason.text for reason in reasons(problem, find(problem), 0)]

    assert texts == [
        "Both write of kör, bil.",
        "Both are about driving and lifts.",
        "The offer is in Norra, the need in Södra.",
        "Both can on 3 days.",
        "The offer has what the other requires: licence.",
        "Both speak sv.",
    ]


def test_reasons_name_category_and_place():
    problem = of(offer("Bär", category="home", area="Norra"), need("Lyft", category="home", area="Norra"))

    texts = [reason.text for reason in reasons(problem, find(problem), 0, language="sv")]

    assert texts == ["Both are about flytta och bära.", "Both are in the category home.", "Both are in Norra."]


def test_where_a_kind_is_common_it_is_looked_for_within_the_area(monkeypatch: pytest.MonkeyPatch):
    areas = [f"area {number}" for number in range(10)]
    offers = [offer("Bär", f"o{number}", area=areas[number % 10]) for number in range(60)]
    needs = [need("Lyfter", f"n{number}", area=areas[number % 10]) for number in range(60)]
    monkeypatch.setattr(finding, "_MOST_PRODUCTS", 500)

    found = find(problem := of(*offers, *needs))

    assert check(problem, found) == []
    assert set(found.needs.tolist()) == set(range(60, 120))
    assert (found.parts[:, PARTS.index("place")] == 1).all()


@st.composite
def posts(draw: st.DrawFn) -> Problem:
    titles = st.sampled_from(["Köra bil", "Skjuts i bil", "Matte", "Mathematics", "Bära", "Måla och bära", ""])
    day = st.none() | st.integers(0, 20)
    skills = st.frozensets(st.sampled_from(["licence", "lift"]), max_size=1)
    made = []
    for number in range(draw(st.integers(0, 12))):
        begins, ends = draw(day), draw(day)
        if begins is not None and ends is not None:
            begins, ends = sorted((begins, ends))
        made.append(
            Post(
                str(number),
                draw(st.sampled_from(["need", "offer"])),
                draw(st.sampled_from(["", "Ali", "Bo", "Carin", "Dag"])),
                draw(titles),
                category=draw(st.sampled_from(["", "home", "home/moving", "school"])),
                area=draw(st.sampled_from(["", "Norra", "Södra"])),
                begins=begins,
                ends=ends,
                requires=draw(skills),
                provides=draw(skills),
                languages=draw(st.frozensets(st.sampled_from(["sv", "ar"]), max_size=2)),
            )
        )
    return of(*made, most=draw(st.integers(1, 4)))


@settings(deadline=None, max_examples=60)
@given(posts())
def test_whatever_is_posted_the_rules_hold(problem):
    found = find(problem)

    assert check(problem, found) == []
    assert find(problem).offers.tolist() == found.offers.tolist()


@pytest.fixture
def problem() -> Problem:
    """One pair that fits, and a post that nobody can meet."""
    return of(offer("Kan köra bil", area="Norra"), need("Skjuts i bil", area="Norra", ends=5), need("Måla", "Dag"))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"scores": np.array([99])}, "not 99"),
        ({"offers": np.array([2])}, "they are need and need"),
        ({"needs": np.array([2])}, "place is 0.5, not 1"),
        ({"parts": np.array([[0.5, 1.5, 1, 1, 0.5]])}, "kind is 1.5"),
    ],
)
def test_a_planted_fault_is_found(problem, change, fault):
    found = find(problem)
    assert len(found) == 1

    wrong = check(problem, replace(found, **change))

    assert any(fault in one for one in wrong), wrong


def test_a_pair_that_may_not_be_is_found(problem):
    found = find(problem)
    car, lift, paint = problem.posts
    faults = {
        "both are Bo's": (replace(car, person="Bo"), lift),
        "the offer has no licence": (car, replace(lift, requires=frozenset({"licence"}))),
        "the need has no tools": (replace(car, requires=frozenset({"tools"})), lift),
        "their times do not meet": (replace(car, begins=6), lift),
    }

    for fault, (one, other) in faults.items():
        wrong = check(replace(problem, posts=(one, other, paint)), found)
        assert any(fault in line for line in wrong), wrong


def test_too_many_and_twice_are_found(problem):
    found = find(problem)
    twice = Candidates(
        *(np.concatenate([side, side]) for side in (found.offers, found.needs, found.scores, found.parts))
    )

    wrong = check(replace(problem, most=1), twice)

    assert any("is there 2 times" in line for line in wrong)
    assert any("has 2 offers, at most 1 may be" in line for line in wrong)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Weights(place=-1), "weight place must be at least 0"),
        (lambda: Weights(0, 0, 0, 0, 0), "weights must not all be 0"),
        (lambda: need("x", begins=2, ends=1), "must not be before begins, got 2 to 1"),
        (lambda: Problem((need("x"), need("x"))), "ids must differ"),
        (lambda: Problem((), most=0), "most must be at least 1"),
    ],
)
def test_what_cannot_be_asked_is_told(make, message):
    with pytest.raises(ValueError, match=message):
        make()
