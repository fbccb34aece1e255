"""Posts become a problem for the engines; what they choose is checked and stored as a selection with its proposals.

A selection keeps who could help whom, as numbers of posts. So a bridge-builder's change is answered at once, whatever
the number of posts: nothing is read or compared again, and only what is near the change is chosen anew.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal

from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet

from samspel import __version__
from samspel.core.languages import understood
from samspel.core.lexicon import shipped_kinds_of_help
from samspel.exchange.models import Block, Mark, Match, Post, Preference, Selection, Transfer, Wish
from samspel.exchange.queries import open_posts, posts_held

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from samspel.engine import candidates, matching
    from samspel.engine.matching.posts import Goal, Pool

CHANCE: Final = 0.8  # that each says yes, for the goal "survive"
_OFFERS_EACH: Final = 24  # twice as many as the engine's own, since some are left out for the time of the week
_NEAR: Final = 1e-6
_LOCK_S: Final = 1.5

Way = Literal["swap", "forbid"]


class MatchingError(RuntimeError):
    """The checker refused what the solver made: a defect of ours, and nothing is stored."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A pool with its solution. ``offers`` and ``needs`` have the posts' ids of each candidate."""

    pool: "Pool"
    solution: "matching.Solution"
    found: "candidates.Candidates"
    ids: Sequence[int]  # of the posts, in the order of the pool's own posts

    def gift_of(self, pair: "matching.Pair") -> tuple[int, int, int]:
        """The candidate behind a transfer, and the ids of its offer and its need."""
        at = self.pool.pair_of(pair)
        return at, self.ids[int(self.found.offers[at])], self.ids[int(self.found.needs[at])]


@dataclass(frozen=True, slots=True)
class Price:
    """What a change would come to: needs met in all, and whose needs of this match would wait."""

    met: int
    waiting: tuple[int, ...]


def select(*, at: datetime, time_limit_s: float) -> Selection:
    """Choose among the posts as they stand, and put the proposals in the place of the earlier ones.

    A proposal that comes out as before stays as it is, with what has been written about it.

    :raises MatchingError: the engine's checker found a fault.
    """
    from samspel.engine import candidates, matching
    from samspel.engine.matching.posts import pool_of

    preference = preferences()
    rows = _rows(at)
    problem = _problem(rows, preference)
    found = candidates.find(problem)
    wrong = candidates.check(problem, found)
    if wrong:
        raise MatchingError(wrong[0])
    ids = [row.pk for row in rows]
    found = _not_forbidden(found.only(_may_meet(rows, found)), ids)
    found = _not_blocked(found, [row.party_id for row in rows])
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
    chosen = _with_locks(Chosen(pool, matching.Solution((), (0.0,), (0.0,), "best", 0.0), found, ids))
    solution = matching.solve(chosen.pool.problem, time_limit_s=time_limit_s)
    wrong = matching.check(chosen.pool.problem, solution)
    if wrong:
        raise MatchingError(wrong[0])
    return _store(replace(chosen, solution=solution), preference, at)


def chosen_now(at: datetime) -> Chosen | None:
    """The newest selection as the engine knows it, with what has been wished since; posts that are gone are not in it.

    Six queries, and no text is read.
    """
    from samspel.engine import candidates
    from samspel.engine.matching import Solution
    from samspel.engine.matching.posts import pool_of

    selection = newest()
    if selection is None:
        return None
    saved = selection.settings
    rows = list(open_posts(at).order_by("pk").values_list("pk", "kind", "party_id", "posted_at", "area__key"))
    posts = tuple(
        candidates.Post(str(pk), _kind(kind), str(party), "", area=area or "", since=since.toordinal())
        for pk, kind, party, since, area in rows
    )
    ids = [row[0] for row in rows]
    problem = candidates.Problem(posts, weights=candidates.Weights(**saved["weights"]), most=_OFFERS_EACH)
    found = _not_forbidden(_unpacked(bytes(selection.candidates), ids), ids)
    found = _not_blocked(found, [row[2] for row in rows])
    pool = pool_of(
        problem,
        found,
        goals=saved["goals"],
        at=selection.made_at.toordinal(),
        chance=CHANCE,
        ring=saved["ring"],
        chain=saved["chain"],
        areas=None if saved["areas"] is None else Fraction(saved["areas"], 100),
    )
    solution = Solution((), tuple(saved["values"]), tuple(saved["bounds"]), "good", 0.0)
    chosen = _with_locks(Chosen(pool, solution, found, ids))
    return replace(chosen, solution=replace(solution, selected=_selected(chosen)))


def newest() -> Selection | None:
    return Selection.objects.order_by("-pk").first()


def proposals() -> list[Match]:
    """What the newest selection proposes, with transfers and their posts. Two queries."""
    transfers = Transfer.objects.select_related("offer__party", "offer__category", "need__party", "need__category")
    return list(
        Match.objects.filter(state=Match.State.PROPOSED)
        .prefetch_related(Prefetch("transfers", transfers.order_by("place")))
        .order_by("pk")
    )


def preferences() -> Preference:
    return Preference.objects.filter(pk=1).first() or Preference()


def goals_of(preference: Preference) -> "list[Goal]":
    """In the order in which the municipality wants them."""
    known: dict[str, Goal] = {"needs": "needs", "wait": "wait", "hands": "hands", "fit": "fit", "survive": "survive"}
    return [known[goal] for goal in preference.goals if goal in known] or ["needs", "wait", "hands", "fit"]


# ---------------------------------------------------------------- changes by hand


def price(chosen: Chosen, offer_id: int, need_id: int, way: Way) -> Price | None:
    """What it would come to if these two were not put together: chosen anew around them, or nothing else moved."""
    changed = _without(chosen, offer_id, need_id, way)
    if changed is None:
        return None
    after = {need for _pair, need in _needs_met(replace(chosen, solution=changed.solution))}
    before = {need for _pair, need in _needs_met(chosen)}
    return Price(len(after), tuple(sorted(before - after)))


def without(chosen: Chosen, offer_id: int, need_id: int, way: Way, at: datetime) -> Selection | None:
    """Store the selection without this transfer; None when it is not in it."""
    changed = _without(chosen, offer_id, need_id, way)
    if changed is None:
        return None
    return _store(_as_changed(chosen, changed), preferences(), at)


def _without(chosen: Chosen, offer_id: int, need_id: int, way: Way) -> "matching.Changed | None":
    from samspel.engine import matching

    pair = _pair(chosen, offer_id, need_id)
    if pair is None:
        return None
    wanted = matching.Change(forbid=(pair,))
    do = matching.change if way == "swap" else matching.mend
    problem = replace(chosen.pool.problem, fixed=tuple(set(chosen.pool.problem.fixed) - {pair}))
    return do(problem, chosen.solution, wanted)


def could_meet(chosen: Chosen, offer_id: int, need_id: int) -> bool:
    """Whether the offer is the one that its party would meet the need with."""
    number = {pk: place for place, pk in enumerate(chosen.ids)}
    if offer_id not in number or need_id not in number:
        return False
    pair = (int(chosen.pool.owner[number[offer_id]]), int(chosen.pool.owner[number[need_id]]))
    return pair in chosen.pool.places and chosen.gift_of(pair)[1:] == (offer_id, need_id)


def with_locks(chosen: Chosen, at: datetime) -> Selection:
    """Store the selection with what is locked now, chosen anew around it."""
    from samspel.engine import matching

    changed = matching.change(chosen.pool.problem, chosen.solution, matching.Change(), time_limit_s=_LOCK_S)
    return _store(_as_changed(chosen, changed), preferences(), at)


def fitting(post_id: int, most: int) -> list[tuple[int, int]]:
    """The posts that fit a post best as the newest selection saw it, each with how well out of 100."""
    import numpy as np

    selection = newest()
    if selection is None:
        return []
    with np.load(io.BytesIO(bytes(selection.candidates))) as arrays:
        offers, needs, scores = (arrays[name] for name in ("offers", "needs", "scores"))
    here = (offers == post_id) | (needs == post_id)
    others = np.where(offers == post_id, needs, offers)[here]
    order = np.lexsort((others, -scores[here].astype(np.int64)))[:most]
    return [(int(others[place]), int(scores[here][place])) for place in order]


def mended(
    chosen: Chosen,
    gone: Iterable[int],
    at: datetime,
    *,
    left: Iterable[int] = (),
    broken: Iterable[tuple[int, int]] = (),
) -> "tuple[Selection, matching.Changed]":
    """Store the selection without these parties, changed as little as can be; and what that took.

    :param left: the others of a match that has come to nothing.
    :param broken: who gave to whom in it.
    """
    from samspel.engine import matching

    number = {name: at_ for at_, name in enumerate(chosen.pool.problem.ids)}
    away = frozenset(number[str(party)] for party in gone if str(party) in number)
    changed = matching.mend(
        chosen.pool.problem,
        chosen.solution,
        matching.Change(gone=away),
        left=[number[str(party)] for party in left if str(party) in number],
        broken=[
            (number[str(giver)], number[str(taker)])
            for giver, taker in broken
            if str(giver) in number and str(taker) in number
        ],
    )
    return _store(_as_changed(chosen, changed), preferences(), at), changed


def _as_changed(chosen: Chosen, changed: "matching.Changed") -> Chosen:
    problem = changed.problem
    places = {pair: at for at, pair in enumerate(zip(problem.givers.tolist(), problem.takers.tolist(), strict=True))}
    import numpy as np

    pairs = np.array([chosen.pool.pair_of(pair) for pair in places], dtype=np.int64)
    pool = replace(chosen.pool, problem=problem, pairs=pairs, places=places)
    return replace(chosen, pool=pool, solution=changed.solution)


def _pair(chosen: Chosen, offer_id: int, need_id: int) -> "matching.Pair | None":
    for one in chosen.solution.selected:
        for pair in one.transfers:
            if chosen.gift_of(pair)[1:] == (offer_id, need_id):
                return pair
    return None


def _needs_met(chosen: Chosen) -> list[tuple["matching.Pair", int]]:
    return [(pair, chosen.gift_of(pair)[2]) for one in chosen.solution.selected for pair in one.transfers]


# ---------------------------------------------------------------- posts to problem


def _rows(at: datetime) -> list[Post]:
    return list(open_posts(at).select_related("category", "area").order_by("pk"))


def _kind(kind: str) -> "candidates.Kind":
    return "need" if kind == Post.Kind.NEED else "offer"


def _problem(rows: Sequence[Post], preference: Preference) -> "candidates.Problem":
    from samspel.engine import candidates

    return candidates.Problem(
        tuple(_post(row) for row in rows),
        shipped_kinds_of_help(),
        candidates.Weights(**preference.weights),
        most=_OFFERS_EACH,
    )


def _post(row: Post) -> "candidates.Post":
    """What a need takes (a licence, lifting) its offer must have; a child and a home are checked by people."""
    from samspel.engine import candidates

    skills = frozenset(row.marks) & {Mark.LICENCE, Mark.LIFTING}
    is_need = row.kind == Post.Kind.NEED
    return candidates.Post(
        str(row.pk),
        _kind(row.kind),
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


def _not_blocked(found: "candidates.Candidates", parties: Sequence[int]) -> "candidates.Candidates":
    """Without those between two of whom one has asked to be kept apart from the other."""
    import numpy as np

    apart = {frozenset(pair) for pair in Block.objects.values_list("party_id", "other_id")}
    if not apart:
        return found
    pairs = zip(found.offers.tolist(), found.needs.tolist(), strict=True)
    may = (frozenset((parties[offer], parties[need])) not in apart for offer, need in pairs)
    return found.only(np.fromiter(may, dtype=bool, count=len(found)))


def _not_forbidden(found: "candidates.Candidates", ids: Sequence[int]) -> "candidates.Candidates":
    """Without what bridge-builders have said is not to be."""
    import numpy as np

    forbidden = Wish.objects.filter(kind=Wish.Kind.FORBID).values_list("offer_id", "need_id")
    here, most = np.array(ids, dtype=np.int64), max(ids, default=0) + 1
    keys = here[found.offers] * most + here[found.needs] if len(found) else found.offers
    return found.only(~np.isin(keys, [offer * most + need for offer, need in forbidden]))


def _with_locks(chosen: Chosen) -> Chosen:
    """With what bridge-builders have locked. A lock that cannot be kept beside an earlier one is let go."""
    from samspel.engine import matching

    number = {pk: at for at, pk in enumerate(chosen.ids)}
    owner, problem = chosen.pool.owner.tolist(), chosen.pool.problem
    locked: dict[int, int] = {}
    wishes = Wish.objects.filter(kind=Wish.Kind.FIX).order_by("at", "pk").values_list("offer_id", "need_id")
    for offer, need in wishes:
        if offer not in number or need not in number:
            continue
        giver, taker = owner[number[offer]], owner[number[need]]
        if (giver, taker) in chosen.pool.places and giver not in locked and taker not in locked.values():
            locked[giver] = taker
    if not locked:
        return chosen
    fixed = matching.apply(problem, matching.Change(fix=tuple(locked.items())))
    return replace(chosen, pool=replace(chosen.pool, problem=fixed))


def _selected(chosen: Chosen) -> tuple["matching.Selected", ...]:
    """Stored proposals as the engine knows them; one with a post that is gone is not there. One query."""
    from samspel.engine.matching import Selected

    number = {name: at for at, name in enumerate(chosen.pool.problem.ids)}
    of_proposals = Transfer.objects.filter(match__state=Match.State.PROPOSED)
    rows = of_proposals.order_by("match_id", "place").values_list(
        "match_id", "match__kind", "offer__party_id", "need__party_id"
    )
    selected = []
    for (_match, kind), gifts in groupby(rows, key=lambda row: row[:2]):
        ends = [(number.get(str(giver), -1), number.get(str(taker), -1)) for *_of, giver, taker in gifts]
        givers = tuple(giver for giver, _taker in ends)
        is_chain = kind == Match.Kind.CHAIN
        one = Selected("chain" if is_chain else "ring", (*givers, ends[-1][1]) if is_chain else givers)
        if all(pair in chosen.pool.places for pair in one.transfers):
            selected.append(one)
    return tuple(selected)


# ---------------------------------------------------------------- what is stored


@transaction.atomic
def _store(chosen: Chosen, preference: Preference, at: datetime) -> Selection:
    from samspel.engine import candidates, matching

    chosen = _still_free(chosen)
    solution = chosen.solution
    met = sum(one.needs_met for one in solution.selected)
    needs = Post.objects.filter(pk__in=chosen.ids, kind=Post.Kind.NEED).count()
    goals = goals_of(preference)
    bound = matching.most_needs_met(chosen.pool.problem)
    if goals[0] == "needs":
        bound = min(bound, int(solution.bounds[0] + _NEAR))
    selection = Selection.objects.create(
        made_at=at,
        version=__version__,
        needs=needs,
        offers=len(chosen.ids) - needs,
        met=met,
        bound=max(bound, met),
        is_proven=bound <= met,
        settings={
            "ring": chosen.pool.problem.ring,
            "chain": chosen.pool.problem.chain,
            "goals": goals,
            "areas": preference.areas,
            "weights": dict(candidates.Weights(**preference.weights)),
            "values": list(solution.values),
            "bounds": list(solution.bounds),
        },
        candidates=_packed(chosen),
        seconds=solution.seconds,
    )
    _propose(chosen, selection, at)
    Selection.objects.filter(pk__lt=selection.pk - 20).delete()
    return selection


def _still_free(chosen: Chosen) -> Chosen:
    """Without rings and chains of posts that are gone, or that others were asked about while this was worked out."""
    list(Match.objects.select_for_update().filter(state=Match.State.PROPOSED).order_by("pk").values_list("pk"))
    wanted = {post for pair, need in _needs_met(chosen) for post in (chosen.gift_of(pair)[1], need)}
    free = set(Post.objects.filter(pk__in=wanted).values_list("pk", flat=True)) - posts_held(wanted)
    selected = tuple(
        one
        for one in chosen.solution.selected
        if all(free.issuperset(chosen.gift_of(pair)[1:]) for pair in one.transfers)
    )
    return replace(chosen, solution=replace(chosen.solution, selected=selected))


def _propose(chosen: Chosen, selection: Selection, at: datetime) -> None:
    """The proposals of a selection; what comes out as it was keeps its row."""
    gifts_of: dict[int, set[tuple[int | None, int | None]]] = {}
    proposed = Transfer.objects.filter(match__state=Match.State.PROPOSED)
    for match_id, offer, need in proposed.values_list("match_id", "offer_id", "need_id"):
        gifts_of.setdefault(match_id, set()).add((offer, need))
    kept = {frozenset(gifts): match_id for match_id, gifts in gifts_of.items()}
    staying: list[int] = []
    new: list[tuple[matching.Selected, list[tuple[int, int, int]]]] = []
    for one in chosen.solution.selected:
        gifts = [chosen.gift_of(pair) for pair in one.transfers]
        as_before = kept.get(frozenset((offer, need) for _at, offer, need in gifts))
        if as_before is None:
            new.append((one, gifts))
        else:
            staying.append(as_before)
    matches = Match.objects.bulk_create(Match(kind=_kind_of(one), made_at=at) for one, _gifts in new)
    offers = {offer for _one, gifts in new for _at, offer, _need in gifts}
    words = dict(Post.objects.filter(pk__in=offers).values_list("pk", "words"))
    Transfer.objects.bulk_create(
        Transfer(
            match=match,
            place=place,
            offer_id=offer,
            need_id=need,
            gift=words[offer].rstrip(" .")[:200],
            fit=int(chosen.found.scores[number]),
            parts=chosen.found.parts_of(number),
        )
        for match, (_one, gifts) in zip(matches, new, strict=True)
        for place, (number, offer, need) in enumerate(gifts, start=1)
    )
    staying += [match.pk for match in matches]
    Match.objects.filter(pk__in=staying).update(selection=selection)
    Match.objects.filter(state=Match.State.PROPOSED).exclude(pk__in=staying).delete()


def _kind_of(one: "matching.Selected") -> str:
    if one.kind == "chain":
        return Match.Kind.CHAIN
    return Match.Kind.PAIR if len(one.posts) == 2 else Match.Kind.RING


def _packed(chosen: Chosen) -> bytes:
    import numpy as np

    ids, found = np.array(chosen.ids, dtype=np.int64), chosen.found
    packed = io.BytesIO()
    np.savez_compressed(
        packed,
        offers=ids[found.offers],
        needs=ids[found.needs],
        scores=found.scores.astype(np.int16),
        parts=found.parts.astype(np.float32),
    )
    return packed.getvalue()


def _unpacked(packed: bytes, ids: Sequence[int]) -> "candidates.Candidates":
    """Candidates between posts that are there still, by their places among ``ids`` (which are sorted)."""
    import numpy as np

    from samspel.engine.candidates import Candidates

    with np.load(io.BytesIO(packed)) as arrays:
        offers, needs, scores, parts = (arrays[name] for name in ("offers", "needs", "scores", "parts"))
    here = np.array(ids, dtype=np.int64)
    there = np.isin(offers, here) & np.isin(needs, here)
    return Candidates(
        np.searchsorted(here, offers[there]),
        np.searchsorted(here, needs[there]),
        scores[there].astype(np.int64),
        parts[there].astype(np.float64),
    )


def needs_waiting(at: datetime) -> QuerySet[Post]:
    """Needs that no proposal meets, the longest waiting first."""
    met = Q(met_by__match__state=Match.State.PROPOSED)
    needs = open_posts(at).filter(kind=Post.Kind.NEED).exclude(met)
    return needs.select_related("category").order_by("posted_at", "pk")


def could_be_met(selection: Selection) -> set[int]:
    """Needs for which there is some offer, as the selection saw it."""
    import numpy as np

    with np.load(io.BytesIO(bytes(selection.candidates))) as arrays:
        return {int(need) for need in np.unique(arrays["needs"])}
