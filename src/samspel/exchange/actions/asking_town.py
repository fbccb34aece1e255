"""Asking the town: a need that nobody can meet as a question, read through before it is published."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import InvalidError, NotFoundError
from samspel.core.idempotency import checked_key
from samspel.exchange.access import get_post, require_broker
from samspel.exchange.models import Post, TownQuestion


@transaction.atomic
def write_question(*, actor: Actor, need_id: int, words: str, key: str, at: datetime) -> TownQuestion:
    """Put a need that nobody can meet as a question in her own words; published only when it has been read through.

    :raises InvalidError: no words, or too many.
    """
    post = get_post(actor, need_id, "desk.change")
    if post.kind != Post.Kind.NEED:
        raise NotFoundError("post")
    text = " ".join(words.split())
    if not 0 < len(text) <= 200:
        raise InvalidError(fields={"words": _("Skriv en fråga, med högst 200 tecken.")})
    question, is_new = TownQuestion.objects.get_or_create(
        key=checked_key(key),
        defaults={"words": text, "need": post, "category_id": post.category_id, "by_id": actor.person_id, "at": at},
    )
    if is_new:
        record(actor, "town_question.written", question)
    return question


@transaction.atomic
def publish_question(*, actor: Actor, question_id: int, at: datetime) -> None:
    """It has been read through: the town sees it."""
    question = _question(actor, question_id)
    if question.published_at is None:
        question.published_at = at
        question.save(update_fields=["published_at"])
        record(actor, "town_question.published", question)


@transaction.atomic
def close_question(*, actor: Actor, question_id: int, at: datetime) -> None:
    """It is asked no more."""
    question = _question(actor, question_id)
    if question.closed_at is None:
        question.closed_at = at
        question.save(update_fields=["closed_at"])
        record(actor, "town_question.closed", question)


def _question(actor: Actor, question_id: int) -> TownQuestion:
    require_broker(actor, "desk.change")
    question = TownQuestion.objects.select_for_update().filter(pk=question_id).first()
    if question is None:
        raise NotFoundError("question")
    return question
