"""Posts become a problem for the engines; what they choose is checked and stored as a selection with its proposals.

A selection keeps who could help whom, as numbers of posts, so that a bridge-builder's change is answered at once
(``compute_changes``).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING

from django.db import transaction

from samspel.core.languages import understood
from samspel.core.lexicon import shipped_kinds_of_help
from samspel.exchange.chosen import (
    CHANCE,
    OFFERS_EACH,
    Chosen,
    chosen_now,
    kind_of,
    locked_gifts,
    locked_in,
    without_blocked,
    without_forbidden,
)
from samspel.exchange.compute_changes import keep_locks
from samspel.exchange.models import Mark, Post, Preference, Selection
from samspel.exchange.preferring import goals_of, preferences
from samspel.exchange.proposing import hold_selection, store
from samspel.exchange.queries import open_posts

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from samspel.engine import candidates


class MatchingError(RuntimeError):
    """The checker refused what the solver made: a defect of ours, and nothing is stored."""


def select(*, at: datetime, time_limit_s: float) -> Selection:
    """Choose among the posts as they stand, and put the proposals in the place of the earlier ones.

    A proposal that comes out as before stays as it is, with what has been written about it. What bridge-builders have
    locked or shut out while this was worked out holds too.

    :raises MatchingError: the engine's checker found a fault.
    """
    from samspel.engine import candidates, matching
    from samspel.engine.matching.posts import pool_of

    preference, locked = preferences(), locked_gifts()
    rows = _rows(at)
    problem = _problem(rows, preference)
    found = candidates.find(problem)
    wrong = candidates.check(problem, found)
    if wrong:
        raise MatchingError(wrong[0])
    ids = [row.pk for row in rows]
    found = without_forbidden(found.only(_may_meet(rows, found)), ids)
    found = without_blocked(found, [row.party_id for row in rows])
    pool = pool_of(
        problem,
        found,
        goals=goals_of(preference),
        at=at.toordinal(),
        chance=CHANCE,
        ring=preference.ring,
        chain=preference.chain,
        areas=None if preference.areas is None else Fraction(preference.areas, 100),
    )
    chosen = locked_in(Chosen(pool, matching.Solution((), (0.0,), (0.0,), "best", 0.0), found, ids), locked)
    solution = matching.solve(chosen.pool.problem, time_limit_s=time_limit_s)
    wrong = matching.check(chosen.pool.problem, solution)
    if wrong:
        raise MatchingError(wrong[0])
    needs = sum(row.kind == Post.Kind.NEED for row in rows)
    with transaction.atomic():
        hold_selection()
        selection = store(replace(chosen, solution=solution), preference, needs, at)
        stored = chosen_now(at) if set(locked_gifts()) - set(locked) else None
        if stored is not None:
            keep_locks(stored, at)
            selection.refresh_from_db()
    return selection


def _rows(at: datetime) -> list[Post]:
    return list(open_posts(at).select_related("category", "area").order_by("pk"))


def _problem(rows: Sequence[Post], preference: Preference) -> "candidates.Problem":
    from samspel.engine import candidates

    return candidates.Problem(
        tuple(_post(row) for row in rows),
        shipped_kinds_of_help(),
        candidates.Weights(**preference.weights),
        most=OFFERS_EACH,
    )


def _post(row: Post) -> "candidates.Post":
    """What a need takes (a licence, lifting) its offer must have; a child and a home are checked by people."""
    from samspel.engine import candidates

    skills = frozenset(row.marks) & {Mark.LICENCE, Mark.LIFTING}
    is_need = row.kind == Post.Kind.NEED
    return candidates.Post(
        str(row.pk),
        kind_of(row.kind),
        str(row.party_id),
        row.words,
        row.more,
        row.category.key,
        "" if row.area is None else row.area.key,
        None if row.begins_on is None else row.begins_on.toordinal(),
        None if row.ends_on is None else row.ends_on.toordinal(),
        skills if is_need else frozenset(),
        frozenset() if is_need else skills,
        frozenset(row.languages),
        row.posted_at.toordinal(),
    )


def _may_meet(rows: Sequence[Post], found: "candidates.Candidates") -> "npt.NDArray[np.bool_]":
    """Candidates whose times of the week meet, and who have a language in common; what is not said hinders nothing."""
    import numpy as np

    times = [frozenset(row.times) for row in rows]
    spoken = [understood(row.languages) for row in rows]

    def may(offer: int, need: int) -> bool:
        return not any(one[offer] and one[need] and one[offer].isdisjoint(one[need]) for one in (times, spoken))

    pairs = zip(found.offers.tolist(), found.needs.tolist(), strict=True)
    return np.fromiter((may(offer, need) for offer, need in pairs), dtype=bool, count=len(found))
