"""A pool of people out of posts."""

from fractions import Fraction

from samspel.core.lexicon import shipped_kinds_of_help
from samspel.engine.candidates import Kind, Post, Problem, find
from samspel.engine.matching import check, solve
from samspel.engine.matching.posts import pool_of


def post(number: int, kind: Kind, person: str, title: str, *, since: int | None = None, area: str = "") -> Post:
    return Post(str(number), kind, person, title, area=area, since=since)


def problem_of(*posts: Post) -> Problem:
    return Problem(posts, shipped_kinds_of_help())


def test_a_person_is_one_post_with_all_that_is_offered_and_needed():
    posts = problem_of(
        post(1, "offer", "Ali", "Kör bil"),
        post(2, "need", "Ali", "Praktikplats"),
        post(3, "need", "Bo", "Skjuts i bil"),
        post(4, "offer", "Bo", "Praktik hos mig"),
        post(5, "offer", "Bo", "Lagar cyklar"),
    )

    pool = pool_of(posts, found := find(posts))
    solution = solve(pool.problem)

    assert pool.problem.ids == ("Ali", "Bo")
    assert check(pool.problem, solution) == []
    (pair,) = solution.selected
    told = {(found.offers[number], found.needs[number]) for number in map(pool.pair_of, pair.transfers)}
    assert told == {(0, 2), (3, 1)}


def test_who_only_offers_begins_a_chain():
    posts = problem_of(post(1, "offer", "Dag", "Matte"), post(2, "need", "Eva", "Mattehjälp"))

    pool = pool_of(posts, find(posts))

    assert pool.problem.needs.tolist() == [False, True]
    assert [one.kind for one in solve(pool.problem).selected] == ["chain"]


def test_of_two_peoples_posts_the_best_pair_is_the_arc():
    posts = problem_of(
        post(1, "offer", "Ali", "Kör", area="Södra"),
        post(2, "offer", "Ali", "Kör bil", area="Norra"),
        post(3, "need", "Bo", "Kör min bil", area="Norra"),
    )

    pool = pool_of(posts, found := find(posts))

    assert len(found) == 2
    assert found.offers[pool.pair_of((0, 1))] == 1


def test_those_who_waited_longest_come_first_among_equals():
    posts = problem_of(
        post(1, "offer", "Dag", "Matte"),
        post(2, "need", "Eva", "Mattehjälp", since=90),
        post(3, "need", "Fia", "Mattehjälp", since=40),
        post(4, "need", "Gun", "Mattehjälp", since=None),
    )

    solution = solve(pool_of(posts, find(posts), goals=("needs", "wait"), at=100).problem)

    assert [one.posts for one in solution.selected] == [(0, 2)]
    assert solution.values == (1.0, 60.0)
    assert solution.bounds == (1.0, 60.0)


def test_objectives_are_those_asked_for_in_order():
    posts = problem_of(post(1, "offer", "Dag", "Matte"), post(2, "need", "Eva", "Mattehjälp"))

    solution = solve(pool_of(posts, find(posts), goals=("survive", "fit", "hands"), chance=0.5).problem)

    assert solution.values[0] == 0.25
    assert solution.values[2] == -2.0


def test_a_need_is_where_the_first_that_says_an_area_is():
    posts = problem_of(
        post(1, "offer", "Dag", "Matte", area="Västra"),
        post(2, "need", "Eva", "Skjuts i bil"),
        post(3, "need", "Eva", "Mattehjälp", area="Södra"),
        post(4, "need", "Eva", "Mattehjälp", area="Norra"),
    )

    areas = pool_of(posts, find(posts), areas=Fraction(1, 10)).problem.areas

    assert areas is not None
    assert [areas.names[at] if at >= 0 else "" for at in areas.of.tolist()] == ["", "Södra"]
    assert areas.tolerance == Fraction(1, 10)


def test_nobody_named_is_somebody_each():
    posts = problem_of(
        post(1, "offer", "", "Kör bil"), post(2, "need", "", "Skjuts i bil"), post(3, "offer", "1", "Matte")
    )

    assert pool_of(posts, find(posts)).problem.ids == ("post 1", "2", "1")


def test_nothing_to_match_is_no_pool():
    posts = problem_of()

    assert solve(pool_of(posts, find(posts)).problem).values == (0.0, 0.0, 0.0, 0.0)
