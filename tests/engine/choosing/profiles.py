"""Elections for the tests, made by hypothesis."""

from fractions import Fraction

from hypothesis import strategies as st

from samspel.engine.choosing import Ballot, Problem, Value


@st.composite
def problems(
    draw: st.DrawFn, *, options: int = 6, ballots: int = 9, places: int = 4, with_points: bool = False
) -> Problem:
    """Small elections in which ties, empty ballots, equal ballots and unmarked options are common."""
    names = tuple("abcdefgh"[: draw(st.integers(1, options))])
    cast = tuple(draw(st.lists(votes(names, with_points), max_size=ballots)))
    return Problem(names, cast, draw(st.integers(1, places)), value="points" if with_points else "marks")


@st.composite
def budgets(draw: st.DrawFn, value: Value) -> Problem:
    """Small budgets, with costs in whole money or halves, and projects that nobody can pay for."""
    names = tuple("abcdef"[: draw(st.integers(1, 6))])
    costs = tuple(draw(st.lists(st.integers(1, 40), min_size=len(names), max_size=len(names))))
    cast = tuple(draw(st.lists(votes(names, value == "points"), max_size=8)))
    budget = Fraction(draw(st.integers(5, 80)), draw(st.sampled_from((1, 2))))
    return Problem(names, cast, costs=tuple(map(Fraction, costs)), budget=budget, value=value)


@st.composite
def votes(draw: st.DrawFn, names: tuple[str, ...], with_points: bool) -> Ballot:
    marks = tuple(draw(st.lists(st.sampled_from(names), max_size=len(names), unique=with_points)))
    points = tuple(draw(st.integers(0, 4)) for _ in marks) if with_points else ()
    table = draw(st.sampled_from(("", "Eldkvarn", "Ekeby")))
    return Ballot(marks, draw(st.integers(1, 3)), table, points)
