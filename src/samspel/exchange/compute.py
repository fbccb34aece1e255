"""Posts become a problem for the engines; what they choose is checked and stored as a selection with its proposals.

A selection keeps who could help whom, as numbers of posts. So a bridge-builder's change is answered at once, whatever
the number of posts: no word is read or compared again, only what is near the change is chosen anew, and only the
proposals that it changes are written.

Changes come one after the other: each holds the row of preferences from before it reads until it has stored
(``hold_selection``). A count among all posts holds it only while it stores.
"""

import io
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from itertools import compress, groupby, islice
from typing import TYPE_CHECKING, Final, Literal

from django.db import transaction
from django.db.models import Count, Exists, Min, OuterRef, Prefetch, Q, QuerySet

from samspel import __version__
from samspel.core.languages import understood
from samspel.core.lexicon import shipped_kinds_of_help
from samspel.exchange.alike import alike, alike_of
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
class Gift:
    """The candidate behind a transfer, and the ids of its offer and its need."""

    candidate: int
    offer: int
    need: int

    @property
    def posts(self) -> tuple[int, int]:
        return self.offer, self.need


@dataclass(frozen=True, slots=True)
class Chosen:
    """A pool with its solution, and the posts and candidates that it was made of."""

    pool: "Pool"
    solution: "matching.Solution"
    found: "candidates.Candidates"
    ids: Sequence[int]  # of the posts, in the order of the pool's own posts
    selection: Selection | None = None  # that it was read from
    standing: "Sequence[_Standing]" = ()  # proposals as they were read

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


@dataclass(frozen=True, slots=True)
class _Standing:
    """A proposal as it is stored: who gives to whom, and of which posts."""

    match_id: int
    kind: str
    parties: tuple[tuple[int | None, int | None], ...]
    posts: frozenset[tuple[int | None, int | None]]


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal, how many needs it meets, and whether it is a weaker one: a gift in it that nobody has locked is less
    like its need than the municipality asks."""

    match_id: int
    needs: int
    is_weaker: bool


@dataclass(frozen=True, slots=True)
class Price:
    """What a change would come to: needs met in all, and whose needs of this match would wait."""

    met: int
    waiting: tuple[int, ...]


def select(*, at: datetime, time_limit_s: float) -> Selection:
    """Choose among the posts as they stand, and put the proposals in the place of the earlier ones.

    A proposal that comes out as before stays as it is, with what has been written about it. What bridge-builders have
    locked or shut out while this was worked out holds too.

    :raises MatchingError: the engine's checker found a fault.
    """
    from samspel.engine import candidates, matching
    from samspel.engine.matching.posts import pool_of

    preference, locked = preferences(), _locked()
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
    chosen = _with_locks(Chosen(pool, matching.Solution((), (0.0,), (0.0,), "best", 0.0), found, ids), locked)
    solution = matching.solve(chosen.pool.problem, time_limit_s=time_limit_s)
    wrong = matching.check(chosen.pool.problem, solution)
    if wrong:
        raise MatchingError(wrong[0])
    needs = sum(row.kind == Post.Kind.NEED for row in rows)
    with transaction.atomic():
        hold_selection()
        selection = _store(replace(chosen, solution=solution), preference, needs, at)
        stored = chosen_now(at) if set(_locked()) - set(locked) else None
        if stored is not None:
            with_locks(stored, at)
            selection.refresh_from_db()
    return selection


def hold_selection() -> None:
    """Nobody else changes the selection until this transaction ends. Before every lock of a match, so that two who
    change it at once wait for each other in one order."""
    Preference.objects.select_for_update().get_or_create(pk=1)


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
    loose = saved.get("loose")
    solution = Solution(
        (), tuple(saved["values"]), tuple(saved["bounds"]), "good", 0.0, None if loose is None else tuple(loose)
    )
    chosen = _with_locks(Chosen(pool, solution, found, ids, selection, _standing()), _locked())
    return replace(chosen, solution=replace(solution, selected=_selected(chosen)))


def newest() -> Selection | None:
    return Selection.objects.order_by("-pk").first()


def proposals_in_order(least: int) -> list[Proposed]:
    """All that is proposed, that with the need that has waited longest first. A change by hand moves none of the
    others. One query.

    :param least: how alike what two write of is to be, of 100.
    """
    locked = Wish.objects.filter(
        kind=Wish.Kind.FIX, offer=OuterRef("transfers__offer"), need=OuterRef("transfers__need")
    )
    proposed = Match.objects.filter(state=Match.State.PROPOSED).annotate(
        since=Min("transfers__need__posted_at"),
        needs=Count("transfers"),
        told=Min(alike_of("transfers__parts"), filter=~Exists(locked)),
    )
    rows = proposed.order_by("since", "pk").values_list("pk", "needs", "told")
    return [Proposed(pk, needs, told is not None and told < least) for pk, needs, told in rows]


def proposals(wanted: Collection[int] | None = None) -> list[Match]:
    """What is proposed, or these of it, with transfers and their posts. Two queries."""
    transfers = Transfer.objects.select_related("offer__party", "offer__category", "need__party", "need__category")
    proposed = Match.objects.filter(Q() if wanted is None else Q(pk__in=wanted), state=Match.State.PROPOSED)
    return list(proposed.prefetch_related(Prefetch("transfers", transfers.order_by("place"))).order_by("pk"))


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
    before, after = (_needs_met(chosen, solution.selected) for solution in (chosen.solution, changed.solution))
    return Price(len(after), tuple(sorted(before - after)))


def without(chosen: Chosen, offer_id: int, need_id: int, way: Way, at: datetime) -> bool:
    """Change the newest selection to one without this transfer; False when it is not in it."""
    changed = _without(chosen, offer_id, need_id, way)
    if changed is None:
        return False
    _change(chosen, changed, at)
    return True


def _without(chosen: Chosen, offer_id: int, need_id: int, way: Way) -> "matching.Changed | None":
    from samspel.engine import matching

    pair = _pair(chosen, offer_id, need_id)
    if pair is None or pair not in chosen.solution.transfers:
        return None
    wanted = matching.Change(forbid=(pair,))
    do = matching.change if way == "swap" else matching.mend
    problem = replace(chosen.pool.problem, fixed=tuple(set(chosen.pool.problem.fixed) - {pair}))
    return do(problem, chosen.solution, wanted)


def could_meet(chosen: Chosen, offer_id: int, need_id: int) -> bool:
    """Whether the offer is the one that its party would meet the need with."""
    return _pair(chosen, offer_id, need_id) is not None


def with_locks(chosen: Chosen, at: datetime) -> None:
    """Change the newest selection to one with what is locked now, chosen anew around it."""
    from samspel.engine import matching

    problem = _with_locks(chosen, _locked()).pool.problem
    _change(chosen, matching.change(problem, chosen.solution, matching.Change(), time_limit_s=_LOCK_S), at)


def fitting(post_id: int, most: int) -> list[tuple[int, int, float]]:
    """The posts that fit a post best as the newest selection saw it, each with how well out of 100, and how alike what
    the two write of is."""
    import numpy as np

    from samspel.engine.candidates import PARTS

    selection = newest()
    if selection is None:
        return []
    with np.load(io.BytesIO(bytes(selection.candidates))) as arrays:
        offers, needs, scores, parts = (arrays[name] for name in ("offers", "needs", "scores", "parts"))
    here = (offers == post_id) | (needs == post_id)
    others, scores, parts = np.where(offers == post_id, needs, offers)[here], scores[here], parts[here].tolist()
    order = np.lexsort((others, -scores.astype(np.int64)))[:most].tolist()
    return [
        (int(others[place]), int(scores[place]), alike(dict(zip(PARTS, parts[place], strict=True)))) for place in order
    ]


def mended(
    chosen: Chosen,
    gone: Iterable[int],
    at: datetime,
    *,
    left: Iterable[int] = (),
    broken: Iterable[tuple[int, int]] = (),
) -> "matching.Changed":
    """Change the newest selection to one without these parties, changed as little as can be; gives what that took.

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
    _change(chosen, changed, at)
    return changed


def _pair(chosen: Chosen, offer_id: int, need_id: int) -> "matching.Pair | None":
    """Whose these two posts are, if the one is what its party would meet the other with."""
    pairs = chosen.parties_of([(offer_id, need_id)])
    gifts = chosen.gifts_of(pairs)
    return pairs[0] if gifts and gifts[0].posts == (offer_id, need_id) else None


def _needs_met(chosen: Chosen, selected: Iterable["matching.Selected"]) -> set[int]:
    return {gift.need for gift in chosen.gifts_of([pair for one in selected for pair in one.transfers])}


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

    apart = _apart()
    if not apart:
        return found
    pairs = zip(found.offers.tolist(), found.needs.tolist(), strict=True)
    may = (frozenset((parties[offer], parties[need])) not in apart for offer, need in pairs)
    return found.only(np.fromiter(may, dtype=bool, count=len(found)))


def _not_forbidden(found: "candidates.Candidates", ids: Sequence[int]) -> "candidates.Candidates":
    """Without what bridge-builders have said is not to be."""
    import numpy as np

    here, most = np.array(ids, dtype=np.int64), max(ids, default=0) + 1
    keys = here[found.offers] * most + here[found.needs] if len(found) else found.offers
    return found.only(~np.isin(keys, [offer * most + need for offer, need in _forbidden()]))


def _forbidden() -> set[tuple[int, int]]:
    return set(Wish.objects.filter(kind=Wish.Kind.FORBID).values_list("offer_id", "need_id"))


def _apart() -> set[frozenset[int]]:
    return {frozenset(pair) for pair in Block.objects.values_list("party_id", "other_id")}


def _locked() -> list[tuple[int, int]]:
    """Offers and needs that bridge-builders have locked to each other, the oldest lock first."""
    wishes = Wish.objects.filter(kind=Wish.Kind.FIX).order_by("at", "pk")
    return list(wishes.values_list("offer_id", "need_id"))


def _with_locks(chosen: Chosen, locks: Iterable[tuple[int, int]]) -> Chosen:
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


def _standing() -> list[_Standing]:
    """Proposals as they are stored, in order. One query."""
    rows = (
        Transfer.objects.filter(match__state=Match.State.PROPOSED)
        .order_by("match_id", "place")
        .values_list("match_id", "match__kind", "offer_id", "need_id", "offer__party_id", "need__party_id")
    )
    return [
        _Standing(
            match_id,
            kind,
            tuple((giver, taker) for *_of, giver, taker in gifts),
            frozenset((offer, need) for _match, _kind, offer, need, *_whose in gifts),
        )
        for (match_id, kind), gifts in ((of, list(rest)) for of, rest in groupby(rows, key=lambda row: row[:2]))
    ]


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


# ---------------------------------------------------------------- what is stored


def _store(chosen: Chosen, preference: Preference, needs: int, at: datetime) -> Selection:
    """What was chosen among all posts, as the newest selection."""
    from samspel.engine import candidates

    chosen = replace(chosen, standing=_standing())
    selection = Selection(
        made_at=at,
        version=__version__,
        needs=needs,
        offers=len(chosen.ids) - needs,
        settings={
            "ring": chosen.pool.problem.ring,
            "chain": chosen.pool.problem.chain,
            "goals": goals_of(preference),
            "areas": preference.areas,
            "weights": dict(candidates.Weights(**preference.weights)),
        },
        candidates=_packed(chosen),
    )
    _tell_worth(selection, chosen.pool.problem, chosen.solution, _propose(chosen, _that_may_be(chosen), at))
    selection.save()
    Selection.objects.filter(pk__lt=selection.pk - 20).delete()
    return selection


def _change(chosen: Chosen, changed: "matching.Changed", at: datetime) -> None:
    """What the newest selection has become: its proposals that differ, and what it is worth. Who could help whom is as
    it was counted, and is not written again."""
    selection = chosen.selection
    if selection is None:
        raise ValueError("chosen must be of a stored selection")
    _tell_worth(selection, changed.problem, changed.solution, _propose(chosen, changed.solution.selected, at))
    selection.save(update_fields=["settings", "met", "bound", "is_proven", "seconds"])


def _tell_worth(selection: Selection, problem: "matching.Problem", solution: "matching.Solution", met: int) -> None:
    """How many needs are met, and how many can be at most."""
    from samspel.engine import matching

    bound = matching.most_needs_met(problem)
    if selection.settings["goals"][0] == "needs":
        bound = min(bound, int(solution.bounds[0] + _NEAR))
    selection.met, selection.bound, selection.is_proven = met, max(bound, met), bound <= met
    selection.seconds = solution.seconds
    selection.settings |= {"values": solution.values, "bounds": solution.bounds, "loose": solution.loose}


def _that_may_be(chosen: Chosen) -> "list[matching.Selected]":
    """Without rings and chains with what was shut out, or kept apart, while this was worked out."""
    forbidden, apart, names = _forbidden(), _apart(), chosen.pool.problem.ids

    def may_be(one: "matching.Selected") -> bool:
        pairs = list(one.transfers)
        parties = (frozenset((int(names[giver]), int(names[taker]))) for giver, taker in pairs)
        return forbidden.isdisjoint(gift.posts for gift in chosen.gifts_of(pairs)) and apart.isdisjoint(parties)

    return [one for one in chosen.solution.selected if may_be(one)]


def _propose(chosen: Chosen, selected: Iterable["matching.Selected"], at: datetime) -> int:
    """Write the proposals that differ from those that stand, and give how many needs all of them meet.

    What comes out as it was is not touched. Not proposed is a ring or chain of posts that are gone, or that others were
    asked about while this was worked out: a match that goes is held from before its posts are looked at, so that nobody
    is asked about it meanwhile.
    """
    selected = list(selected)
    gifts = iter(chosen.gifts_of([pair for one in selected for pair in one.transfers]))
    standing = {one.posts: one.match_id for one in chosen.standing}
    met, new = 0, []
    for one in selected:
        given = list(islice(gifts, one.needs_met))
        if standing.pop(frozenset(gift.posts for gift in given), None) is None:
            new.append((one, given))
        else:
            met += one.needs_met
    going = Match.objects.filter(pk__in=standing.values(), state=Match.State.PROPOSED)
    held = list(going.select_for_update().order_by("pk").values_list("pk", flat=True))
    words = _free({pk for _one, given in new for gift in given for pk in gift.posts})
    new = [(one, given) for one, given in new if all(words.keys() >= set(gift.posts) for gift in given)]
    matches = Match.objects.bulk_create(Match(kind=_kind_of(one), made_at=at) for one, _given in new)
    Transfer.objects.bulk_create(
        Transfer(
            match=match,
            place=place,
            offer_id=gift.offer,
            need_id=gift.need,
            gift=words[gift.offer].rstrip(" .")[:200],
            fit=int(chosen.found.scores[gift.candidate]),
            parts=chosen.found.parts_of(gift.candidate),
        )
        for match, (_one, given) in zip(matches, new, strict=True)
        for place, gift in enumerate(given, start=1)
    )
    Match.objects.filter(pk__in=held).delete()
    return met + sum(one.needs_met for one, _given in new)


def _free(posts: Collection[int]) -> dict[int, str]:
    """The words of those of these posts that are there and that no match holds; they stay there until this ends."""
    there = Post.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=posts).order_by("pk")
    words = dict(there.values_list("pk", "words"))
    held = posts_held(words.keys())
    return {pk: said for pk, said in words.items() if pk not in held}


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
    first, second = np.searchsorted(here, offers), np.searchsorted(here, needs)
    beyond = np.append(here, -1)
    there = (beyond[first] == offers) & (beyond[second] == needs)
    return Candidates(
        first[there],
        second[there],
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
