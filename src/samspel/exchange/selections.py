"""The newest selection as it is kept: who could help whom as numbers of posts, and the proposals that stand."""

import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, Exists, Min, OuterRef, Prefetch, Q, QuerySet

from samspel.exchange.alike import alike, alike_of
from samspel.exchange.models import Match, Post, Selection, Transfer, Wish
from samspel.exchange.queries import open_posts

if TYPE_CHECKING:
    from samspel.engine import candidates


def newest() -> Selection | None:
    return Selection.objects.order_by("-pk").first()


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal, how many needs it meets, and whether it is a weaker one: a gift in it that nobody has locked is less
    like its need than the municipality asks."""

    match_id: int
    needs: int
    is_weaker: bool


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


def packed(found: "candidates.Candidates", ids: Sequence[int]) -> bytes:
    """Candidates with the ids of their posts, as a selection keeps them."""
    import numpy as np

    pks, file = np.array(ids, dtype=np.int64), io.BytesIO()
    np.savez_compressed(
        file,
        offers=pks[found.offers],
        needs=pks[found.needs],
        scores=found.scores.astype(np.int16),
        parts=found.parts.astype(np.float32),
    )
    return file.getvalue()


def unpacked(packed: bytes, ids: Sequence[int]) -> "candidates.Candidates":
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
