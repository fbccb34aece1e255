"""What a bridge-builder does with a post: reads it, gets in touch, says what kind it is. Never its words."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import InvalidError
from samspel.exchange.access import get_post
from samspel.exchange.models import Category, Post

ACT = "desk.change"


@transaction.atomic
def read_post(*, actor: Actor, post_id: int, at: datetime) -> Post:
    """From now on it can be matched. Once is enough."""
    post = get_post(actor, post_id, ACT, lock=True)
    if post.read_at is None:
        post.read_at, post.read_by_id = at, actor.person_id
        post.save(update_fields=["read_at", "read_by"])
        record(actor, "post.read", post)
    return post


@transaction.atomic
def note_contact(*, actor: Actor, post_id: int, at: datetime) -> Post:
    """Somebody has been in touch with the person today."""
    post = get_post(actor, post_id, ACT, lock=True)
    post.contacted_at = at
    post.save(update_fields=["contacted_at"])
    record(actor, "post.contacted", post)
    return post


@transaction.atomic
def sort_post(*, actor: Actor, post_id: int, category_id: int | None) -> Post:
    """Say what it is about, where the person did not know."""
    post = get_post(actor, post_id, ACT, lock=True)
    if not Category.objects.filter(pk=category_id or 0, closed_at=None).exists():
        raise InvalidError(fields={"category": _("Välj vad det handlar om.")})
    post.category_id = category_id or 0
    post.save(update_fields=["category"])
    record(actor, "post.sorted", post, category=category_id)
    return post
