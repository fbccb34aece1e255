"""What a line gives away is seen before anybody reads it. Every name and number here is invented."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samspel.encounters.screening import LONGEST, MASKS, Screener, screen

DATA = Path(__file__).resolve().parents[1] / "data"
HITS = [
    # names
    ("Anna Holm tog sig tid", "[namn] tog sig tid"),
    ("anna var så snäll", "[namn] var så snäll"),
    ("Jag träffade Abdirahman Warsame i receptionen", "Jag träffade [namn] i receptionen"),
    ("Tack Fadumo!", "Tack [namn]!"),
    ("Handläggaren Mark sa nej", "Handläggaren [namn] sa nej"),
    ("Det var Björn som svarade", "Det var [namn] som svarade"),
    ("Sten Berg lyssnade inte", "[namn] lyssnade inte"),
    ("Han heter Zxander", "Han heter [namn]"),
    ("Fru Lundström-Ek var kort i tonen", "Fru [namn] var kort i tonen"),
    ("Jag bad om Karins nummer", "Jag bad om [namn] nummer"),
    ("Vi pratade med Carl von Ahlen om skolan", "Vi pratade med [namn] om skolan"),
    ("Bra. Men Svensson glömde oss", "Bra. Men [namn] glömde oss"),
    ("Sagsbehandleren Jytte var god", "Sagsbehandleren [namn] var god"),
    ("Min sagsbehandler hedder Søren", "Min sagsbehandler hedder [namn]"),
    ("Mrs Brown was kind", "Mrs [namn] was kind"),
    ("I talked to Priya about it", "I talked to [namn] about it"),
    # numbers
    ("Ring mig på 070-123 45 67", "Ring mig på [nummer]"),
    ("+46 (0)8 123 456 78 är mitt", "[nummer] är mitt"),
    ("36105000", "[nummer]"),
    ("Mitt personnummer är 19850412-1234", "Mitt personnummer är [nummer]"),
    ("850412+1234", "[nummer]"),
    ("CPR 010190-1234 stod på skærmen", "CPR [nummer] stod på skærmen"),
    ("Kortet 4242 4242 4242 4242 drogs två gånger", "Kortet [nummer] drogs två gånger"),
    ("Ärende 2026-123456 försvann", "Ärende [nummer] försvann"),
    ("٠٧٠١٢٣٤٥٦٧", "[nummer]"),
    # where one can be reached, where one lives
    ("Skriv till anna.holm@lindvik.example", "Skriv till [kontakt]"),
    ("Skriv till nisse snabel-a lindvik.example", "Skriv till [kontakt]"),
    ("nisse (at) lindvik.example", "[kontakt]"),
    ("Jag finns som @nisse_99", "Jag finns som [kontakt]"),
    ("Se https://lindvik.example/nisse", "Se [kontakt]"),
    ("De kom aldrig till Björkgatan 14 B", "De kom aldrig till [adress]"),
    ("Lilla vägen 3, lgh 1102 stod det", "[adress] stod det"),
    ("Vi bor på Nørregade 7, 2. tv", "Vi bor på [adress]"),
    ("They never came to 12 Old Mill Road", "They never came to [adress]"),
    ("555 12 LINDVIK", "[adress]"),
    # health
    ("Min son har adhd", "Min son har [hälsa]"),
    ("Jag är sjukskriven för depression", "Jag är [hälsa] för [hälsa]"),
    ("Jeg er gravid og sygemeldt", "Jeg er [hälsa] og [hälsa]"),
    ("They asked about my medication", "They asked about my [hälsa]"),
    ("Jag sitter i rullstol och kom inte in", "Jag sitter i [hälsa] och kom inte in"),
    ("Jag har ont i ryggen", "Jag har [hälsa]"),
    ("Mammas bröstcancer togs på allvar", "Mammas [hälsa] togs på allvar"),
]
NO_HITS = [
    "Jag fick vänta i 45 minuter, men sedan gick det fort",
    "Klockan 09.30 till 10.15 var det ingen där",
    "Tiden var 9:30-10:15",
    "De bytte personal 2024-2025",
    "Jag fick 120 000 kr för mycket",
    "Bra bemötande! Ni är bäst.",
    "Sjuksköterskan på sjukhuset lyssnade",
    "Läkaren tog sig tid",
    "Jag ringde 112 och 1177",
    "Rum 214 var låst",
    "Försäkringskassan och Skatteverket skickade mig runt",
    "Jag kom till Vägledningscentrum från Arbetsförmedlingen",
    "De svarade inte på mina frågor, och dina svar var korta",
    "Hans ord och hennes ord, per telefon",
    "Jag bor i Råslätt",
    "Det finns en björn vid en sten på en stig",
    "Jag är beroende av bussen",
    "BVC och SFI är bra. CSN svarar aldrig.",
    "Man skal vente alt for længe. De var venlige",
    "Kan I ikke åbne tidligere?",
    "I was treated well. Will you keep it open?",
    "On Monday the English class was full",
    "The office was closed at 12",
    "Jag är trött på att bli runtskickad",
    "DET TOG FÖR LÅNG TID",
    "Hon frågade vad jag själv ville",
    "Vi ska klara det i augusti, i samma klass",
    "I like this place and this queue",
    "Det var lugnt: Ingen stressade",
    "شكراً جزيلاً",
    "",
]


@pytest.mark.parametrize(("line", "kept"), HITS)
def test_what_looks_like_somebody_is_masked(line: str, kept: str) -> None:
    screened = screen(line)

    assert screened.text == kept
    assert not screened.is_clean


@pytest.mark.parametrize("line", NO_HITS)
def test_an_ordinary_line_is_left_alone(line: str) -> None:
    screened = screen(line)

    assert screened.text == line
    assert screened.is_clean


def test_the_writer_is_shown_what_was_seen_and_nobody_else() -> None:
    found = screen("Ring Anna Holm på 070-123 45 67").found

    assert [(each.kind, each.words) for each in found] == [("name", "Anna Holm"), ("number", "070-123 45 67")]
    assert "Anna" not in repr(found)


WORDS = [
    "Anna",
    "Holm",
    "och",
    "0701234567",
    "adhd",
    "på",
    "Björkgatan 4",
    "x@y.example",
    "Ö",
    "Bo",
    "MARK",
    "Ville",
    "12",
]
LINES = st.lists(st.sampled_from([*WORDS, ".", "-", "(", ":", "å7", "@", "/"]), max_size=14).map(" ".join)


@given(LINES)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_kept_has_nothing_more_to_mask_and_holds_no_word_that_was_masked(line: str) -> None:
    screened = screen(line)
    again = screen(screened.text)

    assert len(screened.text) <= LONGEST
    assert again.text == screened.text
    assert all(each.kind in MASKS and each.words for each in screened.found)


# What stands between two spaces in the lines above, and what is nearly something.
NEARLY = "ont i ONT sick of Street 555 12 _Anna Anna_ 3:Bra Bra.Men Det/Anna –Sven 1Sven (at) snabel-a ſnabela"
PIECES = sorted({word for line in [*(line for line, _kept in HITS), *NO_HITS, *WORDS, NEARLY] for word in line.split()})
MIXED = st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join)
LETTERS = st.text(st.sampled_from("Aab1 2.@(-Å’'_sS/Bo\u00a0gatn"), max_size=24)
MANY = Screener()


@given(MIXED | LETTERS | st.text(max_size=30))
@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])
def test_many_lines_are_screened_as_one_is(line: str) -> None:
    assert MANY.screen(line) == screen(line)


def test_every_line_that_we_know_is_screened_among_many_as_alone() -> None:
    told = [line for path in DATA.rglob("*.json") for line in strings(json.loads(path.read_text()))]
    lines = [line for line, _kept in HITS] + NO_HITS + told
    assert len(told) > 500

    assert [MANY.screen(line) for line in lines] == [screen(line) for line in lines]


def strings(it: object) -> Iterator[str]:
    """All that is text in what was read from JSON."""
    if isinstance(it, str):
        yield it
    elif isinstance(it, list | dict):
        for each in it if isinstance(it, list) else [*it, *it.values()]:
            yield from strings(each)


@pytest.mark.parametrize(
    "letters", ["a", "a.", "a-", "1", "1-", "a ", "gata ", "@", "A ", "Anna ", "snabel", "é", "(", "+4"]
)
def test_no_line_takes_more_than_its_length(letters: str) -> None:
    """It ends: of half a million no more is looked through than may be kept, and no pattern goes back in it."""
    for longest in (400, 2000):
        screened = screen(letters * 500_000, longest)
        assert len(screened.text) <= longest


def test_an_address_of_the_longest_kind_is_seen_and_its_beginning_is_not_left() -> None:
    local = "a" * 64

    assert screen(f"Skriv till {local}@example.org om det").text == "Skriv till [kontakt] om det"
    assert screen("Skriv till x+anna.holm-ek@mail.example.org").text == "Skriv till [kontakt]"


def test_a_long_line_is_screened_before_it_is_cut() -> None:
    """A name that the cut would have halved is masked whole."""
    kept = screen("x " * 197 + "Anna Holm ringde").text

    assert len(kept) <= LONGEST
    assert "An" not in kept
