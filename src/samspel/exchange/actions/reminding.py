"""Letters that say that there is something to see to: no word of what anybody has left is in them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspel.core import defaults
from samspel.core.actor import SYSTEM
from samspel.core.audit import record_fact
from samspel.core.mail import Letter, send_on_commit
from samspel.exchange.actions.posting import gains_by_renewal, kept_until
from samspel.exchange.models import Party, Post
from samspel.exchange.queries import posts_held
from samspel.people.queries import people_with
from samspel.ui.templatetags.sam import day

BEFORE: Final = timedelta(days=14)
# So long before the municipality's promise of a first contact runs out.
IN_TIME: Final = timedelta(days=5)


@transaction.atomic
def remind_of_expiry(at: datetime) -> int:
    """Tell each party once of what expires soon and can be renewed. Gives how many letters."""
    soon = Post.objects.select_for_update(of=("self",)).filter(
        expires_at__gt=at, expires_at__lte=at + BEFORE, reminded_at=None, renewed_at=None, met_at=None
    )
    posts = list(soon.exclude(party__mail="").order_by("expires_at", "pk"))
    held = posts_held([post.pk for post in posts])
    kept = kept_until(at)
    waiting = [post for post in posts if post.pk not in held and gains_by_renewal(post, kept)]
    Post.objects.filter(pk__in=[post.pk for post in waiting]).update(reminded_at=at)
    parties = Party.objects.in_bulk({post.party_id for post in waiting})
    first = {post.party_id: post for post in reversed(waiting)}
    letters = [_expiry_letter(parties[party_id], post) for party_id, post in first.items()]
    send_on_commit(*letters)
    _note("posts.reminded", waiting, len(letters))
    return len(letters)


@transaction.atomic
def tell_brokers_who_waits(at: datetime) -> int:
    """Tell the bridge-builders how many wait for a first contact, when somebody new does. Gives how many letters."""
    days = timedelta(days=defaults.value("exchange.contact_days"))
    waiting = Post.objects.filter(
        contacted_at=None, met_at=None, expires_at__gt=at, posted_at__lte=at - days + IN_TIME
    ).select_for_update(of=("self",))
    posts = list(waiting)
    held = posts_held([post.pk for post in posts])
    late = [post for post in posts if post.pk not in held]
    new = [post for post in late if post.late_told_at is None]
    if not new:
        return 0
    Post.objects.filter(pk__in=[post.pk for post in new]).update(late_told_at=at)
    letters = [_broker_letter(person.email, person.language, len(late)) for person in people_with("broker")]
    send_on_commit(*letters)
    _note("brokers.told", new, len(letters))
    return len(letters)


def _expiry_letter(party: Party, post: Post) -> Letter:
    with translation.override(party.language):
        text = _(
            "Hej!\n\nNågot som du har lämnat under Ge och få raderas %(day)s. Vill du ha det kvar? Förnya det med din "
            "kod:\n%(address)s\n\nAnnars behöver du inte göra något.\n"
        ) % {"day": day(post.expires_at), "address": f"{settings.SITE_URL}{reverse('exchange_mine')}"}
        return Letter(party.mail, _("Förnya, eller låt det gå ut"), text)


def _broker_letter(to: str, language: str, count: int) -> Letter:
    with translation.override(language or "sv"):
        text = ngettext(
            "Hej!\n\n%(n)s behov eller erbjudande väntar på att någon hör av sig. Det går snart över tiden.\n\n"
            "%(address)s\n",
            "Hej!\n\n%(n)s behov och erbjudanden väntar på att någon hör av sig. De går snart över tiden.\n\n"
            "%(address)s\n",
            count,
        ) % {"n": count, "address": f"{settings.SITE_URL}{reverse('exchange_posts')}"}
        return Letter(to, _("Någon väntar på att du hör av dig"), text)


def _note(verb: str, posts: Iterable[Post], letters: int) -> None:
    count = len(list(posts))
    if count:
        record_fact(SYSTEM, verb, "exchange.post", posts=count, letters=letters)
