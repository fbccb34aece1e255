"""What the engine chose becomes a stored selection and its proposals; only those that differ are written.

Changes come one after the other: each holds the row of preferences from before it reads until it has stored
(``hold_selection``). A count among all posts holds it only while it stores.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

from samspel import __version__
from samspel.exchange.chosen import Chosen, forbidden_gifts, kept_apart, standing_now
from samspel.exchange.models import Match, Post, Preference, Selection, Transfer
from samspel.exchange.preferring import goals_of
from samspel.exchange.queries import posts_held
from samspel.exchange.selections import packed

if TYPE_CHECKING:
    from samspel.engine import matching

_NEAR: Final = 1e-6


def hold_selection() -> None:
    """Nobody else changes the selection until this transaction ends. Before every lock of a match, so that two who
    change it at once wait for each other in one order."""
    Preference.objects.select_for_update().get_or_create(pk=1)


def store(chosen: Chosen, preference: Preference, needs: int, at: datetime) -> Selection:
    """What was chosen among all posts, as the newest selection."""
    from samspel.engine import candidates

    chosen = replace(chosen, standing=standing_now())
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
        candidates=packed(chosen.found, chosen.ids),
    )
    _tell_worth(selection, chosen.pool.problem, chosen.solution, _propose(chosen, _that_may_be(chosen), at))
    selection.save()
    Selection.objects.filter(pk__lt=selection.pk - 20).delete()
    return selection


def store_change(chosen: Chosen, changed: "matching.Changed", at: datetime) -> None:
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
    forbidden, apart, names = forbidden_gifts(), kept_apart(), chosen.pool.problem.ids

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
    matches = Match.objects.bulk_create(Match(kind=_match_kind(one), made_at=at) for one, _given in new)
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


def _match_kind(one: "matching.Selected") -> str:
    if one.kind == "chain":
        return Match.Kind.CHAIN
    return Match.Kind.PAIR if len(one.posts) == 2 else Match.Kind.RING
