"""Reads that several parts of giving and getting use."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils.translation import get_language

from samspel.exchange.models import Category, Match, Post, TownQuestion, Wish

# A post that is in one of these takes part in no other proposal.
HOLDING = frozenset({Match.State.ASKED, Match.State.AGREED, Match.State.RUNNING, Match.State.PAUSED})
# By a bridge-builder: what a party has said no to is shut out by nobody who is named.
SHUT_OUT_BY_HAND = Q(kind=Wish.Kind.FORBID, by__isnull=False)


def categories() -> list[Category]:
    """Those that can be chosen now, in the tree's order. One query."""
    return list(Category.objects.filter(closed_at=None))


def category_name(category: Category) -> str:
    """In the reader's language, Swedish where it has none."""
    name: dict[str, str] = category.name
    return name.get((get_language() or "sv")[:2]) or name.get("sv") or category.key


def open_posts(at: datetime) -> QuerySet[Post]:
    """Posts that can be matched: read by a bridge-builder, not expired, not met, and held by no match."""
    held = Match.objects.filter(state__in=HOLDING)
    return Post.objects.filter(read_at__isnull=False, expires_at__gt=at, met_at=None).exclude(
        Q(given__match__in=held) | Q(met_by__match__in=held)
    )


def posts_held(posts: Collection[int]) -> set[int]:
    """Which of these posts are held by a match that people are asked about or take part in."""
    held = Q(given__match__state__in=HOLDING) | Q(met_by__match__state__in=HOLDING)
    return set(Post.objects.filter(held, pk__in=posts).values_list("pk", flat=True))


def town_questions() -> list[TownQuestion]:
    """What the town is asked for now, the newest first: not what somebody has said yes to. One query."""
    asked = TownQuestion.objects.filter(published_at__isnull=False, closed_at=None, need__met_at=None)
    asked = asked.exclude(need__met_by__match__state__in=HOLDING - {Match.State.ASKED})
    return list(asked.select_related("category").order_by("-published_at", "-pk")[:12])


@dataclass(frozen=True)
class AtDesk:
    """What waits for a bridge-builder.

    :param needs_her: asked matches in which somebody has written to her, and those in which all have said yes."""

    unread: int
    proposals: int
    needs_her: int


def waiting_at_desk(at: datetime) -> AtDesk:
    """Two queries."""
    written = Q(state=Match.State.ASKED) & (~Q(parts__problem="") | ~Q(parts__other_time=""))
    counted = Match.objects.aggregate(
        proposals=Count("pk", filter=Q(state=Match.State.PROPOSED), distinct=True),
        needs_her=Count("pk", filter=Q(state=Match.State.AGREED) | (Q(parts__isnull=False) & written), distinct=True),
    )
    unread = Post.objects.filter(read_at=None, expires_at__gt=at).count()
    return AtDesk(unread, counted["proposals"], counted["needs_her"])
