"""What people in Lindvik need and can give, in their own words, and what the bridge-builder's desk shows of it."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from samspel.core.actor import Actor
from samspel.encounters.queries import areas
from samspel.exchange import compute
from samspel.exchange.access import Mine
from samspel.exchange.actions import answering, asking
from samspel.exchange.actions.posting import hash_of_words
from samspel.exchange.asked import shown_digest
from samspel.exchange.codes import code_of, hash_of_code
from samspel.exchange.models import Category, Match, Party, Post, TownQuestion, Wish

# The salesman's own code: whoever tries the demo can be he.
SALESMANS_CODE: Final = "7KX 3MD 9RT 4PW"
DAYS_KEPT: Final = 90
# What each of the three gives to the next, as the bridge-builder has put it.
GIFTS: Final = {
    "Säljaren": "repeterar matte med pappan, varannan onsdag",
    "Pappan": "handleder, två timmar i veckan",
    "Den unge mannen": "kör säljaren till kunderna",
}
# How the two who have said yes are reached. The numbers are among those that Post- och telestyrelsen keeps for fiction.
REACHED: Final = {
    "Den unge mannen": "Elias Sand, 070-174 06 12",
    "Pappan": "Johan Ek, 070-174 06 31",
}


@dataclass(frozen=True)
class Said:
    """A need or an offer: kind of help, words, good to know, times of the week, marks."""

    kind: str
    category: str
    words: str
    more: str = ""
    times: str = ""
    marks: str = ""


@dataclass(frozen=True)
class Who:
    """A party, where it is, since how many days it waits, and what it has said."""

    called: str
    area: str
    days: int
    said: tuple[Said, ...]
    kind: str = "resident"
    languages: str = "sv"


def _need(category: str, words: str, more: str = "", times: str = "", marks: str = "") -> Said:
    return Said("need", category, words, more, times, marks)


def _offer(category: str, words: str, more: str = "", times: str = "", marks: str = "") -> Said:
    return Said("offer", category, words, more, times, marks)


PEOPLE: Final = (
    # the ring of the driver, the salesman and the father
    Who(
        "Säljaren",
        "Centrum",
        21,
        (
            _need(
                "carry/drive",
                "Har brutit armen och kan inte köra på tre månader. Någon som kör min bil till kunderna.",
                times="weekdays",
                marks="licence",
            ),
            _offer("learn/homework", "Kan repetera matematik, har räknat i hela mitt yrkesliv.", times="evenings"),
        ),
    ),
    Who(
        "Den unge mannen",
        "Centrum",
        34,
        (
            _offer("carry/drive", "Kan köra bil hela dagar.", times="weekdays", marks="licence"),
            _need("work/advice", "Vill prova att arbeta som chaufför. Någon som handleder mig i trafiken."),
        ),
        languages="sv ar",
    ),
    Who(
        "Pappan",
        "Centrum",
        12,
        (
            _need("learn/homework", "Vill repetera matematik för att kunna hjälpa till med läxorna.", times="evenings"),
            _offer("work/advice", "Är trafiklärare. Kan handleda den som vill bli chaufför.", times="evenings"),
        ),
    ),
    # the chain from a van to a jetty
    Who(
        "Åkeriet",
        "Strömmen",
        18,
        (_offer("carry/move", "Har en skåpbil ledig på lördagar. Kör möbler.", times="weekends", marks="licence"),),
        kind="company",
    ),
    Who(
        "Återbruket",
        "Strömmen",
        25,
        (
            _need("carry/move", "Behöver hämta möbler med skåpbil.", times="weekends", marks="licence"),
            _offer("place/thing", "Har bord och stolar över.", times="weekends"),
        ),
        kind="association",
    ),
    Who(
        "Språkkaféet",
        "Strömmen",
        47,
        (
            _need("place/thing", "Behöver bord och stolar till nya lokalen.", times="weekends"),
            _offer("learn/language", "Övar svenska med den som söker jobb, två kvällar i veckan."),
        ),
        kind="association",
    ),
    Who(
        "Snickaren",
        "Strömmen",
        9,
        (
            _need("learn/language", "Vill öva svenska inför ett jobb."),
            _offer("mend/build", "Kan snickra och laga bryggor.", times="weekends"),
        ),
        languages="uk sv",
    ),
    Who(
        "Badföreningen",
        "Strömmen",
        30,
        (_need("mend/build", "Behöver bryggan lagad till sommaren. Snickra nya plankor.", times="weekends"),),
        kind="association",
    ),
    # the evening of mathematics, posted by the parents
    Who(
        "Föräldrarna på Ektorp",
        "Åbacken",
        15,
        (
            _need("place/room", "Lokal för en mattekväll varannan vecka. Vi håller den själva.", times="evenings"),
            _offer("company/food", "Bakar bröd och kokar soppa till en fest.", times="evenings weekends"),
        ),
    ),
    Who(
        "Ektorpsskolan",
        "Åbacken",
        40,
        (
            _offer("place/room", "Lokal som står tom på kvällarna, med tavla och bord.", times="evenings"),
            _need("company/food", "Soppa och bröd till skolans fest i maj.", times="evenings"),
        ),
    ),
    # others
    Who(
        "Grannen med cykeln",
        "Norrvik",
        6,
        (
            _offer("mend/bicycle", "Lagar cyklar, punktering och bromsar."),
            _need("learn/computer", "Hjälp att flytta bilder från telefonen till datorn."),
        ),
    ),
    Who(
        "Studenten",
        "Norrvik",
        8,
        (
            _offer("learn/computer", "Kan hjälpa med telefonen, datorn och bilder."),
            _need("mend/bicycle", "Min cykel har punktering och bromsarna tar inte."),
        ),
        languages="sv en",
    ),
    Who(
        "Kvinnan med trädgården",
        "Norrvik",
        28,
        (
            _need("mend/garden", "Räfsa löv och klippa häcken i trädgården.", times="weekends", marks="home"),
            _offer("mend/clothes", "Syr och lagar kläder."),
        ),
    ),
    Who(
        "Scoutkåren",
        "Norrvik",
        11,
        (
            _offer("mend/garden", "Vi räfsar löv och klipper häckar, tio glada vuxna.", times="weekends"),
            _need("place/vehicle", "Ett släp till lägret över en helg.", times="weekends"),
        ),
        kind="association",
    ),
    Who(
        "Byggaren",
        "Norrvik",
        5,
        (
            _offer("place/vehicle", "Lånar ut ett släp på helger.", times="weekends"),
            _need("mend/clothes", "Laga dragkedjan i tre arbetsjackor. Sy."),
        ),
        kind="company",
    ),
    Who(
        "Den läsande",
        "Centrum",
        3,
        (_offer("learn/letter", "Kan läsa och förklara brev från myndigheter.", times="weekdays"),),
    ),
    Who("Nyinflyttad", "Centrum", 19, (_need("learn/letter", "Förstå ett brev från myndigheten."),), languages="ti sv"),
    Who("Ved och värme", "Åbacken", 14, (_offer("carry/fetch", "Kan köra ut ved med traktor.", marks="licence"),)),
    Who("Huset på backen", "Åbacken", 22, (_need("carry/fetch", "Två kubik ved hem före jul.", marks="licence"),)),
    Who(
        "Kören",
        "Centrum",
        33,
        (
            _offer("company/culture", "Sjunger en kväll, gärna på ett boende.", times="evenings"),
            _need("place/room", "Lokal att öva i på söndagar.", times="weekends"),
        ),
        kind="association",
    ),
    Who("Biblioteket", "Centrum", 26, (_need("company/culture", "Sång och musik till en kväll i mars."),)),
    # what nobody can meet today
    Who("Mopedgänget", "Norrvik", 52, (_need("place/room", "Ett garage en lördag.", times="weekends"),)),
    Who(
        "Den tigrinjatalande",
        "Centrum",
        41,
        (_need("company/visit", "Någon som följer med till biblioteket och talar tigrinja.", times="weekends"),),
        languages="ti",
    ),
    Who("Fönstret mot gården", "Åbacken", 16, (_need("mend/clothes", "Lägga upp en lång gardin."),)),
)
# Written by the bridge-builder, of a need that waits: by what its party is called.
QUESTIONS: Final = (
    ("Mopedgänget", "Vem har ett garage att låna ut en lördag?"),
    ("Den tigrinjatalande", "Vem kan följa med till biblioteket och tala tigrinja?"),
)


def lay_out_exchange(broker: Actor, *, at: datetime) -> None:
    """Needs and offers as they were left, read by the bridge-builder, matched once; three of them are asked."""
    kinds = {one.key: one for one in Category.objects.all()}
    places = {one.name: one for one in areas()}
    for who in PEOPLE:
        since = at - timedelta(days=who.days)
        party = Party.objects.create(
            kind=who.kind,
            called=who.called,
            code=hash_of_code(SALESMANS_CODE if who.called == "Säljaren" else code_of(secrets.token_urlsafe())),
            is_adult=True,
            created_at=since,
        )
        for number, said in enumerate(who.said):
            Post.objects.create(
                party=party,
                kind=said.kind,
                words=said.words,
                more=said.more,
                category=kinds[said.category],
                area=places.get(who.area),
                times=said.times.split(),
                marks=said.marks.split(),
                languages=who.languages.split(),
                key=f"demo-post-{party.pk:06}-{number}-x",
                posted_at=since,
                expires_at=since + timedelta(days=DAYS_KEPT),
                read_at=since + timedelta(days=1),
                read_by_id=broker.own_id,
                consented_at=since,
                consented_to=hash_of_words(said.words, said.more),
            )
    for number, (called, words) in enumerate(QUESTIONS):
        need = Post.objects.get(party__called=called, kind=Post.Kind.NEED)
        TownQuestion.objects.create(
            words=words,
            need=need,
            category=need.category,
            by_id=broker.own_id,
            at=at - timedelta(days=2),
            key=f"demo-question-number-{number}",
            published_at=at - timedelta(days=1),
        )
    _know_the_three(broker, at)
    compute.select(at=at, time_limit_s=30.0)  # it is proven in less than a second
    Match.objects.filter(transfers__offer__party__called="Åkeriet").update(title="Kedjan från skåpbil till brygga")
    _ask_the_three(broker, at)


def _know_the_three(broker: Actor, at: datetime) -> None:
    """The bridge-builder has met them, and locked what each gives to the next."""
    for giver, taker in zip(GIFTS, [*list(GIFTS)[1:], next(iter(GIFTS))], strict=True):
        Wish.objects.create(
            kind=Wish.Kind.FIX,
            offer=Post.objects.get(party__called=giver, kind=Post.Kind.OFFER),
            need=Post.objects.get(party__called=taker, kind=Post.Kind.NEED),
            by_id=broker.own_id,
            at=at,
        )


def _ask_the_three(broker: Actor, at: datetime) -> None:
    """The young man and the father have said yes; the salesman, whose code is told, thinks."""
    ring = Match.objects.filter(state=Match.State.PROPOSED, transfers__offer__party__called="Säljaren").get()
    gifts = {gift.place: GIFTS[gift.offer.party.called] for gift in ring.transfers.all() if gift.offer is not None}
    wording = asking.Wording(gifts, "Tre som kan hjälpa varandra", "När armen är bra")
    asking.change_words(actor=broker, match_id=ring.pk, wording=wording, at=at)
    asking.ask(actor=broker, match_id=ring.pk, at=at - timedelta(days=1))
    ring.refresh_from_db()
    for called, contact in REACHED.items():
        mine = Mine((Party.objects.get(called=called),))
        answering.say_yes(mine=mine, match_id=ring.pk, contact=contact, seen=shown_digest(ring), at=at)
