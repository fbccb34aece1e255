"""What only a bridge-builder knows, of a post or a match; read by bridge-builders."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import InvalidError
from samspel.core.idempotency import checked_key
from samspel.exchange.access import get_match, get_post
from samspel.exchange.models import Match, Post, Remark

LONGEST = 400


@transaction.atomic
def remark_on_post(*, actor: Actor, post_id: int, words: str, key: str, at: datetime) -> Remark:
    """A repeated key changes nothing."""
    return _remark(actor, get_post(actor, post_id, "desk.change", lock=True), words, key, at)


@transaction.atomic
def remark_on_match(*, actor: Actor, match_id: int, words: str, key: str, at: datetime) -> Remark:
    """A repeated key changes nothing."""
    return _remark(actor, get_match(actor, match_id, "desk.change", lock=True), words, key, at)


def _remark(actor: Actor, about: Post | Match, words: str, key: str, at: datetime) -> Remark:
    words = " ".join(words.split())
    if not 0 < len(words) <= LONGEST:
        raise InvalidError(fields={"remark": _("Skriv något, högst %(most)s tecken.") % {"most": LONGEST}})
    kind = "post" if isinstance(about, Post) else "match"
    noted, is_new = Remark.objects.get_or_create(
        key=checked_key(key), defaults={kind: about, "words": words, "by_id": actor.person_id, "at": at}
    )
    if is_new:
        record(actor, f"{kind}.remarked", about)
    return noted
