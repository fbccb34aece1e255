"""The words of the tap page, by their names, and which language it speaks.

Swedish, Danish and English come from the catalogues. A municipality adds any other as plain texts (``PointText``); it
is offered when every text of the tap page is there. "Tell more" speaks it when its texts are there as well.

A text that came to Samspel after a language was written last takes nothing away from it: until somebody writes it, it
stands in one of our own languages. So what is kept of a language names every text that there was, written or not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from babel import Locale, UnknownLocaleError
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext_lazy
from django.utils.translation.trans_real import parse_accept_lang_header

from samspel.core.errors import Text
from samspel.core.languages import spoken
from samspel.encounters.models import PointText

# What its speakers call the language; only for those that a municipality adds.
LANGUAGE_NAME = "language_name"

TAP: Mapping[str, Text] = {
    "question": gettext_lazy("Hur kändes mötet?"),
    "good": gettext_lazy("Bra"),
    "so_so": gettext_lazy("Sådär"),
    "bad": gettext_lazy("Inte bra"),
    "one_press": gettext_lazy("Ett tryck räcker."),
    "nobody": gettext_lazy("Ingen ser vem du är."),
    "saving": gettext_lazy("Sparas …"),
    "saved": gettext_lazy("Tack! Ditt svar är sparat."),
    "change": gettext_lazy("Blev det fel? Du kan ändra i tio sekunder."),
    "already": gettext_lazy("Ditt svar finns redan här. Tack!"),
    "waiting": gettext_lazy("Ingen kontakt just nu. Svaret skickas när den är tillbaka, om sidan får vara öppen."),
    "tell_more": gettext_lazy("Berätta mer om du vill"),
    "not_asking": gettext_lazy("Här frågar vi inte just nu."),
    "you_said": gettext_lazy("Ni sa"),
    "we_did": gettext_lazy("Vi gjorde"),
    "could_not": gettext_lazy("Det här kunde vi inte göra"),
    "languages": gettext_lazy("Språk"),
}
MORE: Mapping[str, Text] = {
    "more": gettext_lazy("Berätta mer"),
    "optional": gettext_lazy("Du väljer själv vad du svarar på. Det sparas medan du fyller i."),
    "no_meeting": gettext_lazy("Vi möttes egentligen inte"),
    "helped": gettext_lazy("Vad hjälpte?"),
    "hindered": gettext_lazy("Vad var i vägen?"),
    "line": gettext_lazy("En rad med egna ord"),
    "line_hint": gettext_lazy(
        "Skriv inte namn, nummer eller något om hälsa. Enheten ser bara ord som minst {least} har skrivit."
    ),
    "looks_like": gettext_lazy("Det här ser ut som något som kan peka ut någon:"),
    "looks_like_help": gettext_lazy("Ändra raden, eller spara den utan det. Inget av raden är sparat än."),
    "name": gettext_lazy("namn"),
    "number": gettext_lazy("nummer"),
    "contact": gettext_lazy("e-post eller konto"),
    "address": gettext_lazy("adress"),
    "health": gettext_lazy("hälsa"),
    "without": gettext_lazy("Spara raden utan det"),
    "groups": gettext_lazy("Om dig"),
    "groups_why": gettext_lazy("Så ser vi om alla blir lika väl bemötta. Bara antal visas, aldrig ett enda svar."),
    "language": gettext_lazy("Ditt språk"),
    "age": gettext_lazy("Din ålder"),
    "area": gettext_lazy("Var du bor"),
    "unsaid": gettext_lazy("Jag säger inte"),
    "done": gettext_lazy("Klar"),
    "told": gettext_lazy("Tack! Det du berättade är sparat."),
    "too_late": gettext_lazy("Det gick att berätta mer i en halvtimme. Ditt svar finns kvar."),
    "story": gettext_lazy("Berätta om mötet så att andra kan lära av det"),
    "back": gettext_lazy("Tillbaka"),
}
NAMES: Mapping[str, Text] = {**TAP, **MORE}
OWN: frozenset[str] = frozenset(code for code, _name in settings.LANGUAGES)


@dataclass(frozen=True)
class Language:
    """A language that the tap page speaks."""

    code: str
    name: str
    texts: Mapping[str, str]

    @property
    def direction(self) -> str:
        """``rtl`` for any language that is written from the right, not only those that meetings know."""
        try:
            return Locale.parse(self.code, sep="-").text_direction
        except (UnknownLocaleError, ValueError):
            return "ltr"

    @property
    def tells_more(self) -> bool:
        return MORE.keys() <= self.texts.keys()


def languages_offered() -> list[Language]:
    """Our own three first, then what the municipality has added, in the order of their names. One query."""
    own = [Language(code, name, _own_texts(code)) for code, name in settings.LANGUAGES]
    added = [
        Language(row.language, row.texts.get(LANGUAGE_NAME) or spoken(row.language), _written(row.texts))
        for row in PointText.objects.all()
        if not missing_texts(row.texts)
    ]
    return own + sorted((each for each in added if each.code not in OWN), key=lambda each: each.name.casefold())


def missing_texts(texts: Mapping[str, str]) -> list[str]:
    """What is still to be written before a language can be offered."""
    new = new_texts(texts)
    return [name for name in TAP if not texts.get(name, "").strip() and name not in new]


def new_texts(texts: Mapping[str, str]) -> list[str]:
    """What has come to the tap page since a language was written last; of one that nobody has written, nothing."""
    return [name for name in TAP if name not in texts] if TAP.keys() & texts.keys() else []


def pick_language(offered: Iterable[Language], *, asked: str, of_point: str, chosen: str, accepted: str) -> Language:
    """The language asked for in the address, else the point's, else the one chosen on this site, else what the
    browser asks for, else Swedish.

    >>> three = [Language(code, code, {}) for code in ("sv", "en", "ar")]
    >>> pick_language(three, asked="", of_point="", chosen="", accepted="fr, ar-SY;q=0.9, en;q=0.5").code
    'ar'
    """
    by_code = {each.code: each for each in offered}
    wanted = [asked, of_point, chosen, *(code for code, _quality in parse_accept_lang_header(accepted.lower()))]
    for code in wanted:
        for each in (code, code.partition("-")[0]):
            if each in by_code:
                return by_code[each]
    return by_code[settings.LANGUAGE_CODE]


def own_language(code: str) -> Language:
    """One of our own three, for a page whose texts the picked language lacks."""
    names = dict(settings.LANGUAGES)
    code = code if code in names else settings.LANGUAGE_CODE
    return Language(code, names[code], _own_texts(code))


@cache
def _own_texts(code: str) -> Mapping[str, str]:
    with translation.override(code):
        return {name: str(text) for name, text in NAMES.items()}


def _written(texts: Mapping[str, str]) -> Mapping[str, str]:
    instead = own_language(translation.get_language() or settings.LANGUAGE_CODE).texts
    return {name: instead[name] for name in new_texts(texts)} | {
        name: text.strip() for name, text in texts.items() if name in NAMES and text.strip()
    }
