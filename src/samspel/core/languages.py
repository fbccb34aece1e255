"""The languages that people in a meeting speak, beside those that the pages are written in."""

from collections.abc import Iterable
from functools import cache

from babel import Locale

# By code: what its speakers call it. In the order in which a leader looks for them.
SPOKEN: dict[str, str] = {
    "sv": "svenska",
    "da": "dansk",
    "en": "English",
    "fi": "suomi",
    "ar": "العربية",
    "fa": "فارسی",
    "so": "Soomaali",
    "ti": "ትግርኛ",
    "ku": "Kurdî",
    "uk": "українська",
    "pl": "polski",
    "bs": "bosanski/hrvatski/srpski",
    "tr": "Türkçe",
    "es": "español",
    "de": "Deutsch",
    "fr": "français",
    "ru": "русский",
    "th": "ไทย",
    "swl": "svenskt teckenspråk",
    "dsl": "dansk tegnsprog",
}
FROM_RIGHT = frozenset({"ar", "fa"})
# What is signed has no writing of its own.
SIGNED = frozenset({"swl", "dsl"})

# What lists call them, beside their own names, their codes and what they are called in Swedish, Danish and English.
_ALSO = {
    "bs": ("hr", "sr", "bosanski", "hrvatski", "srpski", "bks", "serbokroatiska", "serbokroatisk", "serbo-croatian"),
    "fa": ("dari", "farsi"),
    "ku": ("sorani", "kurmanji"),
    "swl": ("teckenspråk", "swedish sign language", "svensk tegnsprog"),
    "dsl": ("tegnsprog", "danish sign language", "danskt teckenspråk"),
}


# Speakers of these understand each other.
_NEIGHBOURS = frozenset({"sv", "da"})


def understood(codes: Iterable[str]) -> frozenset[str]:
    """The languages in which somebody who speaks these can be met; empty where none is said.

    >>> sorted(understood(["sv", "ar"])), understood([])
    (['ar', 'da', 'sv'], frozenset())
    """
    said = frozenset(codes)
    return said | _NEIGHBOURS if said & _NEIGHBOURS else said


def spoken(code: str) -> str:
    """What its speakers call a language; empty for none.

    >>> spoken("ar"), spoken("")
    ('العربية', '')
    """
    return SPOKEN.get(code, code)


def language_named(name: str) -> str:
    """The code of a language by its name, as people write it; empty when there is none.

    >>> language_named("Arabiska"), language_named("arabisk"), language_named("العربية"), language_named("klingon")
    ('ar', 'ar', 'ar', '')
    """
    return _codes().get(name.strip().casefold(), "")


@cache
def _codes() -> dict[str, str]:
    found: dict[str, str] = {}
    for code, own in SPOKEN.items():
        called = [code, own, *_ALSO.get(code, ())]
        for each in (code, *(also for also in _ALSO.get(code, ()) if len(also) == 2)):
            called += filter(None, (Locale(shown).languages.get(each) for shown in ("sv", "da", "en")))
        found |= {name.casefold(): code for name in called}
    return found


def direction(code: str) -> str:
    return "rtl" if code in FROM_RIGHT else "ltr"


def spoken_choices() -> list[tuple[str, str]]:
    """To choose from."""
    return list(SPOKEN.items())


def said_in(seat_language: str, meeting_language: str) -> str:
    """What a note says of its language: nothing when it is the meeting's own.

    >>> said_in("en", "sv"), said_in("sv", "sv")
    ('en', '')
    """
    return "" if seat_language == meeting_language else seat_language
