"""Search across everything that people need and give, for bridge-builders: also in words of another language."""

import functools
import operator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Q, QuerySet

from samspel.core import defaults
from samspel.core.lexicon import shipped_kinds_of_help
from samspel.exchange.models import Post
from samspel.exchange.queries import posts_held

PAGE: Final = 50
SOON: Final = timedelta(days=14)
# A shorter word of a list would be found inside too many others.
_LEAST_LETTERS: Final = 3


@dataclass(frozen=True)
class Wanted:
    """What a bridge-builder looks for; empty fields ask for nothing."""

    words: str = ""
    kind: str = ""
    category_id: int | None = None
    area_id: int | None = None
    state: str = ""

    @property
    def is_anything(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))


@dataclass(frozen=True)
class Found:
    """One page of posts, newest first, with how many there are in all."""

    posts: tuple[Post, ...]
    total: int
    page: int
    held: frozenset[int]

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE))


def find_posts(wanted: Wanted, page: int, at: datetime) -> Found:
    """Three queries, however many posts there are: how many, the page, and which are held; one more finds the late."""
    posts = matching(wanted, at)
    total = posts.count()
    page = min(max(1, page), max(1, -(-total // PAGE)))
    rows = posts.select_related("category", "area", "party").order_by("-posted_at", "-pk")
    shown = tuple(rows[(page - 1) * PAGE : page * PAGE])
    return Found(shown, total, page, frozenset(posts_held([post.pk for post in shown])) if shown else frozenset())


def matching(wanted: Wanted, at: datetime) -> QuerySet[Post]:
    """All posts that are not over and that fit."""
    posts = Post.objects.filter(expires_at__gt=at)
    for word in wanted.words.split()[:8]:
        posts = posts.filter(_says(word))
    if wanted.kind in Post.Kind.values:
        posts = posts.filter(kind=wanted.kind)
    if wanted.category_id is not None:
        below = Q(category_id=wanted.category_id) | Q(category__parent_id=wanted.category_id)
        posts = posts.filter(below)
    if wanted.area_id is not None:
        posts = posts.filter(area_id=wanted.area_id)
    if wanted.state == "unread":
        posts = posts.filter(read_at=None)
    if wanted.state == "late":
        posts = late_posts(posts, at)
    if wanted.state == "soon":
        posts = posts.filter(expires_at__lte=at + SOON)
    return posts


def late_posts(posts: QuerySet[Post], at: datetime) -> QuerySet[Post]:
    """Those whose party has heard from nobody for longer than the municipality has promised."""
    days = defaults.value("exchange.contact_days")
    return posts.filter(contacted_at=None, met_at=None, posted_at__lte=at - timedelta(days=days))


def _says(word: str) -> Q:
    """The word in the post's own text, or another word of the same kind of help, in any language, or its category."""
    found = Q(words__icontains=word) | Q(more__icontains=word) | Q(party__called__icontains=word)
    for other in _words_like(word):
        found |= Q(words__icontains=other) | Q(more__icontains=other)
    return found | _category_says(word)


def _words_like(word: str) -> list[str]:
    """Words of every kind of help that is spoken of with this one."""
    said = word.casefold()
    themes = (theme.words.values() for theme in shipped_kinds_of_help().themes)
    lists = ([each.lstrip("=").casefold() for words in theme for each in words] for theme in themes)
    return sorted({each for words in lists if said in words for each in words if len(each) > _LEAST_LETTERS})


def _category_says(word: str) -> Q:
    names = (Q(**{f"category__name__{language}__icontains": word}) for language, _name in settings.LANGUAGES)
    return functools.reduce(operator.or_, names)
