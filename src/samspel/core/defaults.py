"""The product's defaults, each with its reason. A municipality that changes one gets a row of its own, and says why."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from samspel.core.actor import Actor
from samspel.core.audit import record_fact
from samspel.core.errors import InvalidError, NotFoundError, Text
from samspel.core.models import Default


@dataclass(frozen=True)
class Spec:
    """A default: its key, whole number, limits, what it is called, and why it is what it is."""

    key: str
    value: int
    least: int
    most: int
    label: Text
    reason: Text


SPECS: dict[str, Spec] = {
    spec.key: spec
    for spec in (
        Spec(
            "dialogue.group_size",
            3,
            2,
            6,
            gettext_lazy("Smågrupper, antal personer"),
            gettext_lazy("I en grupp om tre eller fyra får alla tala. En femte person delar snart samtalet i två."),
        ),
        Spec(
            "dialogue.table_least",
            4,
            3,
            12,
            gettext_lazy("Minst vid ett bord"),
            gettext_lazy("Färre än fyra vid ett bord ger för få olika erfarenheter."),
        ),
        Spec(
            "dialogue.table_most",
            8,
            3,
            12,
            gettext_lazy("Flest vid ett bord"),
            gettext_lazy("Åtta är bättre än tio: fler än så hinner inte alla säga något."),
        ),
        Spec(
            "dialogue.places",
            3,
            1,
            5,
            gettext_lazy("Så många väljer rummet"),
            gettext_lazy("Tre går att minnas och att göra något av."),
        ),
        Spec(
            "figures.least_inside",
            5,
            5,
            50,
            gettext_lazy("Minsta antal svar för en siffra inom enheten"),
            gettext_lazy("Under fem svar kan man räkna ut vem som har svarat."),
        ),
        Spec(
            "figures.least_public",
            10,
            10,
            100,
            gettext_lazy("Minsta antal svar för en öppen siffra"),
            gettext_lazy("Den som läser utifrån kan veta mer om några få. Därför tio."),
        ),
        Spec(
            "dialogue.ten_seconds",
            10,
            5,
            60,
            gettext_lazy("Sekunder att ångra ett tryck"),
            gettext_lazy("Ett tryck räcker. Den som tryckte fel ska hinna ändra."),
        ),
        Spec(
            "dialogue.keep_code_days",
            30,
            1,
            365,
            gettext_lazy("Dagar som koden visar resultatet efter samtalet"),
            gettext_lazy("Den som var med ska hinna läsa och spara det som valdes."),
        ),
        Spec(
            "encounters.round_weeks",
            8,
            1,
            26,
            gettext_lazy("Veckor som en runda är öppen"),
            gettext_lazy("Åtta veckor ger de flesta enheter svar nog, och de som svarade får besked inom rimlig tid."),
        ),
        Spec(
            "encounters.ask_every",
            3,
            1,
            50,
            gettext_lazy("Fråga var så många möten"),
            gettext_lazy("Var tredje räcker oftast. Den som får frågan varje gång slutar svara."),
        ),
        Spec(
            "encounters.answering",
            20,
            1,
            100,
            gettext_lazy("Så många av 100 tillfrågade svarar"),
            gettext_lazy("En av fem är en försiktig gissning. Byt den när ni vet hur många som svarar hos er."),
        ),
        Spec(
            "encounters.usual_good",
            80,
            50,
            99,
            gettext_lazy("Så många av 100 brukar säga Bra"),
            gettext_lazy(
                "Så är det i de flesta möten. Ju närmare hälften, desto fler svar behövs för att se en skillnad."
            ),
        ),
        Spec(
            "encounters.rest_days",
            30,
            1,
            365,
            gettext_lazy("Dagar innan samma person får en länk igen"),
            gettext_lazy("Högst en fråga i månaden till var och en, hur många möten hon än har."),
        ),
        Spec(
            "encounters.link_days",
            14,
            1,
            90,
            gettext_lazy("Dagar som en länk i sms eller brev gäller"),
            gettext_lazy("Efter två veckor minns man inte mötet väl nog."),
        ),
        Spec(
            "encounters.silent_min",
            30,
            5,
            1440,
            gettext_lazy("Minuter innan en läsplatta räknas som tyst"),
            gettext_lazy("Plattan hör av sig varannan minut. En halvtimme är mer än ett avbrott i nätet."),
        ),
        Spec(
            "exchange.post_days",
            90,
            14,
            365,
            gettext_lazy("Dagar som ett behov eller erbjudande finns kvar"),
            gettext_lazy("Efter tre månader stämmer det sällan längre. Den som vill förnyar en gång."),
        ),
        Spec(
            "exchange.contact_days",
            30,
            7,
            90,
            gettext_lazy("Dagar innan någon hör av sig om ett behov eller erbjudande"),
            gettext_lazy("Den som inte hört något på en månad tror att ingen har läst."),
        ),
        Spec(
            "exchange.least_alike",
            45,
            0,
            100,
            gettext_lazy("Så mycket ska ord och slag av hjälp likna varandra, av 100, om ett förslag inte är svagare"),
            gettext_lazy("Över 45 passar ungefär två par av tre, under det ett av tio. De svagare visas för sig."),
        ),
        Spec(
            "keep.texts_days",
            730,
            30,
            3650,
            gettext_lazy("Dagar som ord i svaren sparas"),
            gettext_lazy("Efter två år har enheten hört och svarat. Siffrorna är kvar utan orden."),
        ),
        Spec(
            "keep.answers_days",
            3650,
            365,
            36500,
            gettext_lazy("Dagar som svar sparas"),
            gettext_lazy(
                "Tio år visar hur något har förändrats. Sedan tas svaren och deras summor bort, en månad i taget."
            ),
        ),
        Spec(
            "keep.audit_days",
            730,
            30,
            3650,
            gettext_lazy("Dagar som händelseloggen sparas"),
            gettext_lazy("Två år räcker för att kunna svara på frågor om vem som ändrade vad."),
        ),
    )
}


def value(key: str) -> int:
    """The municipality's value, or the product's."""
    row = Default.objects.filter(pk=key).first()
    return int(row.value) if row is not None else SPECS[key].value


def values(*keys: str) -> dict[str, int]:
    """Several values in one query."""
    found = {row.pk: int(row.value) for row in Default.objects.filter(pk__in=keys)}
    return {key: found.get(key, SPECS[key].value) for key in keys}


@transaction.atomic
def change_default(*, actor: Actor, key: str, number: int, reason: str, at: datetime) -> Default:
    """Change a default for this municipality, with the reason.

    :raises InvalidError: outside the limits, or without a reason.
    """
    if not actor.is_administrator:
        raise NotFoundError("default")
    spec = SPECS.get(key)
    if spec is None:
        raise NotFoundError("default")
    if not spec.least <= number <= spec.most:
        raise InvalidError(
            fields={key: _("Välj ett tal från %(least)s till %(most)s.") % {"least": spec.least, "most": spec.most}}
        )
    if not reason.strip():
        raise InvalidError(fields={f"{key}.reason": _("Skriv varför ni ändrar, så att nästa person förstår.")})
    row, _created = Default.objects.update_or_create(
        pk=key,
        defaults={"value": number, "reason": reason.strip(), "changed_at": at, "changed_by_id": actor.person_id},
    )
    record_fact(actor, "default.changed", "core.default", key=key, value=number)
    return row
