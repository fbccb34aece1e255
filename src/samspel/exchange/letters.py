"""Letters to parties: that there is something to read, and where. No word of what it is about, and no name."""

from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from samspel.core.mail import Letter, send_on_commit
from samspel.exchange.models import Match, Party
from samspel.people.queries import people_with


def tell_of_question(parties: Iterable[Party]) -> None:
    """There is a question to answer."""
    _send(parties, is_question=True)


def tell_of_news(parties: Iterable[Party]) -> None:
    """Something that she takes part in has changed."""
    _send(parties, is_question=False)


def tell_broker(match: Match) -> None:
    """Somebody has written to the bridge-builder, or all have answered. The others are told when she is one no more."""
    brokers, hers = people_with("broker"), match.broker
    if hers in brokers:
        brokers = [hers]
    address = f"{settings.SITE_URL}{reverse('exchange_match', args=[match.pk])}"
    for broker in brokers:
        with translation.override(broker.language or settings.LANGUAGE_CODE):
            text = _("Det finns något nytt att läsa vid brobyggarens bord:\n{address}\n").format(address=address)
            send_on_commit(Letter(broker.email, _("Ge och få: något nytt"), text))


def _send(parties: Iterable[Party], *, is_question: bool) -> None:
    letters = []
    for party in parties:
        if not party.mail:
            continue
        with translation.override(party.language):
            said = _("Det finns en fråga till dig på") if is_question else _("Det finns något nytt att läsa på")
            text = _("Hej!\n\n{said} {address}\n\nÖppna sidan med din kod. Här står inget om vad det gäller.\n").format(
                said=said, address=f"{settings.SITE_URL}{reverse('exchange_mine')}"
            )
            letters.append(Letter(party.mail, _("Ge och få: en fråga") if is_question else _("Ge och få"), text))
    send_on_commit(*letters)
