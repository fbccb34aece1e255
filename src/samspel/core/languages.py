"""The languages that people in a meeting speak, beside those that the pages are written in."""

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


def spoken(code: str) -> str:
    """What its speakers call a language; empty for none.

    >>> spoken("ar"), spoken("")
    ('العربية', '')
    """
    return SPOKEN.get(code, code)


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
