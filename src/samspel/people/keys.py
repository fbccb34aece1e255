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
_OPEN = Prepared[Person](lambda pk: Person.objects.filter(pk=pk, is_active=True)[:1])


def new_key(*, actor: Actor, email: str) -> str:
    """A key to give to another system, which can then do through the API what the person may."""
    person = Person.objects.filter(email=email.lower(), is_active=True).first()
    if person is None:
        raise NotFoundError("person")
    record(actor, "person.key_made", person)
    return TimestampSigner(salt=_SALT).sign(f"{person.pk}.{_reading(person)}")


def actor_of_key(key: str) -> Actor | None:
    """Whom a key is for; None for one that does not hold, or does not hold any more."""
    try:
        said = TimestampSigner(salt=_SALT).unsign(key, max_age=HOLDS)
    except BadSignature:
        return None
    person = _OPEN.first(int(said.partition(".")[0]))
    if person is None or said != f"{person.pk}.{_reading(person)}":
        return None
    return Actor("person", person_id=person.pk, name=person.name, is_administrator=person.is_administrator)


def _reading(person: Person) -> str:
    return salted_hmac(_SALT, person.password, algorithm="sha256").hexdigest()[:16]
