"""Keys with which another system signs in as a person: signed by the house, kept nowhere.

A key holds for a year, as long as the person's account is open and her password the same.
"""

from datetime import timedelta
from typing import Final

from django.core.signing import BadSignature, TimestampSigner
from django.utils.crypto import salted_hmac

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import NotFoundError
from samspel.core.prepared import Prepared
from samspel.people.models import Person

HOLDS: Final = timedelta(days=365)
_SALT: Final = "samspel.people.key"
_OPEN = Prepared[tuple[str, str, bool]](
    lambda pk: Person.objects.filter(pk=pk, is_active=True).values_list("password", "name", "is_administrator")[:1]
)


def new_key(*, actor: Actor, email: str) -> str:
    """A key to give to another system, which can then do through the API what the person may."""
    person = Person.objects.filter(email=email.lower(), is_active=True).first()
    if person is None:
        raise NotFoundError("person")
    record(actor, "person.key_made", person)
    return TimestampSigner(salt=_SALT).sign(f"{person.pk}.{_reading(person.password)}")


def actor_of_key(key: str) -> Actor | None:
    """Whom a key is for; None for one that does not hold, or does not hold any more."""
    try:
        said = TimestampSigner(salt=_SALT).unsign(key, max_age=HOLDS)
    except BadSignature:
        return None
    pk = int(said.partition(".")[0])
    person = _OPEN.first(pk)
    if person is None:
        return None
    password, name, is_administrator = person
    if said != f"{pk}.{_reading(password)}":
        return None
    return Actor("person", person_id=pk, name=name, is_administrator=is_administrator)


def _reading(password: str) -> str:
    return salted_hmac(_SALT, password, algorithm="sha256").hexdigest()[:16]
