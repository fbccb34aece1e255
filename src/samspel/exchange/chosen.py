"""A selection as the engine knows it: a pool with its solution, and what bridge-builders have wished since."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from itertools import compress, groupby, islice
from typing import TYPE_CHECKING, Final

from samspel.exchange.models import Block, Match, Post, Selection, Transfer, Wish
from samspel.exchange.queries import open_posts
from samspel.exchange.selections import newest, unpacked

if TYPE_CHECKING:
    from samspel.engine import candidates, matching
    from samspel.engine.matching.posts import Pool

CHANCE: Final = 0.8  # that each says yes, for the goal "survive"
OFFERS_EACH: Final = 24  # twice as many as the engine's own, since some are left out for the time of the week


@dataclass(frozen=True, slots=True)
class Gift:
    """The candidate behind a transfer, and the ids of its offer and its need."""

    candidate: int
    offer: int
    need: int

    @property
    def posts(self) -> tuple[int, int]:
        return self.offer, self.need


@dataclass(frozen=True, slots=True)
class Standing:
    """A proposal as it is stored: who gives to whom, and of which posts."""

    match_id: int
    kind: str
    parties: tuple[tuple[int | None, int | None], ...]
    posts: frozenset[tuple[int | None, int | None]]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A pool with its solution, and the posts and candidates that it was made of."""

    pool: "Pool"
    solution: "matching.Solution"
    found: "candidates.Candidates"
    ids: Sequence[int]  # of the posts, in the order of the pool's own posts
    selection: Selection | None = None  # that it was read from
    standing: "Sequence[Standing]" = ()  # proposals as they were read

    def parties_of(self, gifts: Iterable[tuple[int, int]]) -> "list[matching.Pair]":
        """Whose these offers and needs are, of those who could help each other, in the same order."""
        number, owner = {pk: place for place, pk in enumerate(self.ids)}, self.pool.owner
        pairs = [
            (int(owner[number[offer]]), int(owner[number[need]]))
            for offer, need in gifts
            if offer in number and need in number
        ]
        return list(compress(pairs, self.pool.problem.has(pairs)))

    def gifts_of(self, pairs: Collection["matching.Pair"]) -> list[Gift]:
        """What each of these would give the other."""
        numbers = self.pool.pairs_of(pairs)
        posts = (self.found.offers[numbers].tolist(), self.found.needs[numbers].tolist())
        return [
            Gift(number, self.ids[offer], self.ids[need])
            for number, offer, need in zip(numbers.tolist(), *posts, strict=True)
        ]


def chosen_now(at: datetime) -> Chosen | None:
    """The newest selection as the engine knows it, with what has been wished since; posts that are gone are not in it.

    Six queries, and no word is read.
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
        candidates.Post(str(pk), kind_of(kind), str(party), "", area=area or "", since=since.toordinal())
        for pk, kind, party, since, area in rows
    )
    ids = [row[0] for row in rows]
    problem = candidates.Problem(posts, weights=candidates.Weights(**saved["weights"]), most=OFFERS_EACH)
    found = without_forbidden(unpacked(bytes(selection.candidates), ids), ids)
    found = without_blocked(found, [row[2] for row in rows])
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
    loose = saved.get("loose")
    solution = Solution(
        (), tuple(saved["values"]), tuple(saved["bounds"]), "good", 0.0, None if loose is None else tuple(loose)
    )
    chosen = locked_in(Chosen(pool, solution, found, ids, selection, standing_now()), locked_gifts())
    return replace(chosen, solution=replace(solution, selected=_selected(chosen)))


def kind_of(kind: str) -> "candidates.Kind":
    return "need" if kind == Post.Kind.NEED else "offer"


def _selected(chosen: Chosen) -> tuple["matching.Selected", ...]:
    """Stored proposals as the engine knows them; one with a post that is gone is not there."""
    from samspel.engine.matching import Selected

    number = {name: at for at, name in enumerate(chosen.pool.problem.ids)}
    found = []
    for one in chosen.standing:
        ends = [(number.get(str(giver)), number.get(str(taker))) for giver, taker in one.parties]
        posts = tuple(giver for giver, _taker in ends if giver is not None)
        last = ends[-1][1]
        if len(posts) < len(ends) or last is None:
            continue
        is_chain = one.kind == Match.Kind.CHAIN
        found.append(Selected("chain" if is_chain else "ring", (*posts, last) if is_chain else posts))
    there = chosen.pool.problem.has([pair for one in found for pair in one.transfers]).tolist()
    places = iter(there)
    return tuple(one for one in found if all(list(islice(places, one.needs_met))))


def standing_now() -> list[Standing]:
    """Proposals as they are stored, in order. One query."""
    rows = (
        Transfer.objects.filter(match__state=Match.State.PROPOSED)
        .order_by("match_id", "place")
        .values_list("match_id", "match__kind", "offer_id", "need_id", "offer__party_id", "need__party_id")
    )
    return [
        Standing(
            match_id,
            kind,
            tuple((giver, taker) for *_of, giver, taker in gifts),
            frozenset((offer, need) for _match, _kind, offer, need, *_whose in gifts),
        )
        for (match_id, kind), gifts in ((of, list(rest)) for of, rest in groupby(rows, key=lambda row: row[:2]))
    ]


def pair_of(chosen: Chosen, offer_id: int, need_id: int) -> "matching.Pair | None":
    """Whose these two posts are, if the one is what its party would meet the other with."""
    pairs = chosen.parties_of([(offer_id, need_id)])
    gifts = chosen.gifts_of(pairs)
    return pairs[0] if gifts and gifts[0].posts == (offer_id, need_id) else None


def without_blocked(found: "candidates.Candidates", parties: Sequence[int]) -> "candidates.Candidates":
    """Without those between two of whom one has asked to be kept apart from the other."""
    import numpy as np

    apart = kept_apart()
    if not apart:
        return found
    pairs = zip(found.offers.tolist(), found.needs.tolist(), strict=True)
    may = (frozenset((parties[offer], parties[need])) not in apart for offer, need in pairs)
    return found.only(np.fromiter(may, dtype=bool, count=len(found)))


def without_forbidden(found: "candidates.Candidates", ids: Sequence[int]) -> "candidates.Candidates":
    """Without what bridge-builders have said is not to be."""
    import numpy as np

    here, most = np.array(ids, dtype=np.int64), max(ids, default=0) + 1
    keys = here[found.offers] * most + here[found.needs] if len(found) else found.offers
    return found.only(~np.isin(keys, [offer * most + need for offer, need in forbidden_gifts()]))


def forbidden_gifts() -> set[tuple[int, int]]:
    return set(Wish.objects.filter(kind=Wish.Kind.FORBID).values_list("offer_id", "need_id"))


def kept_apart() -> set[frozenset[int]]:
    return {frozenset(pair) for pair in Block.objects.values_list("party_id", "other_id")}


def locked_gifts() -> list[tuple[int, int]]:
    """Offers and needs that bridge-builders have locked to each other, the oldest lock first."""
    wishes = Wish.objects.filter(kind=Wish.Kind.FIX).order_by("at", "pk")
    return list(wishes.values_list("offer_id", "need_id"))


def locked_in(chosen: Chosen, locks: Iterable[tuple[int, int]]) -> Chosen:
    """With what bridge-builders have locked, and nothing else. A lock that cannot be kept beside an earlier one is let
    go."""
    from samspel.engine import matching

    locked: dict[int, int] = {}
    taken: set[int] = set()
    for giver, taker in chosen.parties_of(locks):
        if giver not in locked and taker not in taken:
            locked[giver] = taker
            taken.add(taker)
    problem = replace(chosen.pool.problem, fixed=())
    fixed = matching.apply(problem, matching.Change(fix=tuple(locked.items()))) if locked else problem
    return replace(chosen, pool=replace(chosen.pool, problem=fixed))
