"""The two stories of the sources, as far as they have come: a ring of three, and parents with a hall."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.test import Client

from samspel.core.actor import Actor
from samspel.exchange.access import Mine
from samspel.exchange.actions.answering import say_yes
from samspel.exchange.actions.asking import ask, set_check
from samspel.exchange.actions.running import end, start
from samspel.exchange.asked import digest_to_ask, shown_digest
from samspel.exchange.models import Check, Match, Part, Party
from samspel.people.models import Person
from tests.exchange.making import make_match, make_party, make_post
from tests.people import WHEN, Town, actor_of, make_person

CALLED = ("Säljaren", "Pappan", "Den unge mannen")
NEEDS = (
    "Har brutit armen och kan inte köra på tre månader.",
    "Vill kunna hjälpa sin dotter med matten.",
    "Vill prova att arbeta som chaufför.",
)
OFFERS = ("Repeterar gärna matte.", "Är trafiklärare.", "Kör gärna andra till jobbet.")
GIFTS = (
    "repeterar matte med pappan, varannan onsdag",
    "handleder, två timmar i veckan",
    "kör säljaren till kunderna",
)
KINDS = ("learn/homework", "work/advice", "carry/drive")


@dataclass(frozen=True)
class Ring:
    """A match, its parties in their places, their codes, and who brings them together."""

    match: Match
    parties: tuple[Party, ...]
    codes: tuple[str, ...]
    broker: Person

    @property
    def actor(self) -> Actor:
        return actor_of(self.broker)

    def mine(self, place: int) -> Mine:
        return Mine((self.parties[place - 1],))

    def part(self, place: int) -> Part:
        return Part.objects.get(match=self.match, place=place)

    def fresh(self) -> Match:
        return Match.objects.get(pk=self.match.pk)

    def phone(self, place: int) -> Client:
        """The device of the one in this place."""
        client = Client()
        client.cookies["exchange"] = self.codes[place - 1]
        return client

    def ask(self, at: datetime = WHEN) -> Match:
        return ask(actor=self.actor, match_id=self.match.pk, at=at)

    def press_ask(self, desk: Client, *, follow: bool = False) -> HttpResponse:
        """A bridge-builder who has read the words as they are presses."""
        return press_ask(desk, self.match, follow=follow)

    def yes(self, *places: int, at: datetime = WHEN) -> None:
        for place in places:
            say_yes(
                mine=self.mine(place),
                match_id=self.match.pk,
                contact=f"070-000000{place}",
                seen=shown_digest(self.fresh()),
                at=at,
            )

    def check_all(self, at: datetime = WHEN) -> None:
        for check in self.match.checks.all():
            state = Check.State.DONE
            set_check(actor=self.actor, match_id=self.match.pk, check_id=check.pk, state=state, at=at)

    def begin(self, at: datetime = WHEN) -> Match:
        """Asked, agreed, checked and started."""
        self.ask(at)
        self.yes(*range(1, len(self.parties) + 1), at=at)
        self.check_all(at)
        return start(actor=self.actor, match_id=self.match.pk, at=at)

    def end(self, ending: str = "done", at: datetime = WHEN) -> Match:
        return end(actor=self.actor, match_id=self.match.pk, ending=ending, at=at)


def press_ask(desk: Client, match: Match, *, follow: bool = False) -> HttpResponse:
    seen = digest_to_ask(match, [(one, one.offer, one.need) for one in match.transfers.all()])
    return desk.post(f"/exchange/desk/matches/{match.pk}/ask", {"seen": seen}, follow=follow)


def make_broker(town: Town, name: str = "Britta Brobyggare") -> Person:
    return make_person(name, town.library, "broker")


def make_ring(broker: Person, *, at: datetime = WHEN) -> Ring:
    """The salesman with the broken arm, the father, and the young man who wants to drive: a proposal."""
    made = [make_party(called) for called in CALLED]
    parties = tuple(party for party, _code in made)
    givings = [
        (
            party,
            make_post(party, "offer", OFFERS[n], category=KINDS[n], at=at),
            make_post(party, "need", NEEDS[n], at=at),
        )
        for n, party in enumerate(parties)
    ]
    for n, (_party, _offer, need) in enumerate(givings):
        need.category = givings[n - 1][1].category
        need.save(update_fields=["category"])
    match = make_match(givings, at=at, title="Tre som kan hjälpa varandra", until="När armen är bra")
    for transfer, gift in zip(match.transfers.all(), GIFTS, strict=True):
        transfer.gift = gift
        transfer.save(update_fields=["gift"])
    return Ring(match, parties, tuple(code for _party, code in made), broker)


def make_pair(broker: Person, *, marks: tuple[str, ...] = (), at: datetime = WHEN) -> Ring:
    """Parents who ask for an evening of mathematics, and give a hall in return: it was the school's idea."""
    (parents, parents_code), (teacher, teacher_code) = make_party("Föräldrarna"), make_party("Mattestudenten")
    homework = "learn/homework"
    givings = [
        (
            parents,
            make_post(parents, "offer", "Vi har en lokal på torsdagar.", category="place/room", at=at),
            make_post(parents, "need", "Våra barn vill öva matte.", category=homework, marks=list(marks), at=at),
        ),
        (
            teacher,
            make_post(teacher, "offer", "Hjälper gärna med matte.", category=homework, marks=list(marks), at=at),
            make_post(teacher, "need", "Söker en lokal att öva i.", category="place/room", at=at),
        ),
    ]
    match = make_match(givings, at=at, title="Mattekväll i skolan")
    return Ring(match, (parents, teacher), (parents_code, teacher_code), broker)


def make_chain(broker: Person, people: int = 4, *, at: datetime = WHEN) -> Ring:
    """It begins with who only gives, and ends with who only receives."""
    made = [make_party(f"Nummer {number}") for number in range(1, people + 1)]
    givings = []
    for number, (party, _code) in enumerate(made, start=1):
        offer = make_post(party, "offer", f"Kan ge {number}.", at=at) if number < people else None
        need = make_post(party, "need", f"Behöver {number}.", at=at) if number > 1 else None
        givings.append((party, offer, need))
    match = make_match(givings, at=at)
    return Ring(match, tuple(party for party, _code in made), tuple(code for _party, code in made), broker)


def make_round(broker: Person, people: int, *, at: datetime = WHEN) -> Ring:
    """A ring of so many, each of whom gives to the next."""
    made = [make_party(f"Nummer {number}") for number in range(1, people + 1)]
    givings = [
        (
            party,
            make_post(party, "offer", f"Kan ge {number}.", at=at),
            make_post(party, "need", f"Behöver {number}.", at=at),
        )
        for number, (party, _code) in enumerate(made, start=1)
    ]
    match = make_match(givings, at=at)
    return Ring(match, tuple(party for party, _code in made), tuple(code for _party, code in made), broker)


def make_square(broker: Person, *, at: datetime = WHEN) -> Ring:
    """Four in a ring: language, a bicycle, company and a bookcase."""
    said = (
        ("Språkeleven", "learn/language", "Vill öva svenska före ett jobb.", "Lagar gärna cyklar."),
        ("Grannen", "mend/bicycle", "Cykeln står stilla.", "Går gärna med på promenad."),
        ("Änklingen", "company/walk", "Vill ha sällskap på promenaden.", "Har verktyg och tid att snickra."),
        ("Läraren", "mend/build", "Har en bokhylla som behöver sättas upp.", "Övar gärna svenska."),
    )
    gifts = ("lagar cykeln en lördag", "går med på tisdagar", "sätter upp bokhyllan", "övar svenska en timme i veckan")
    made = [make_party(called) for called, *_rest in said]
    givings = []
    for number, (party, _code) in enumerate(made):
        _called, kind, need, offer = said[number]
        given = said[(number + 1) % 4][1]
        givings.append(
            (
                party,
                make_post(party, "offer", offer, category=given, at=at),
                make_post(party, "need", need, category=kind, at=at),
            )
        )
    match = make_match(givings, at=at)
    for transfer, gift in zip(match.transfers.all(), gifts, strict=True):
        transfer.gift = gift
        transfer.save(update_fields=["gift"])
    return Ring(match, tuple(party for party, _code in made), tuple(code for _party, code in made), broker)
