"""What a line may give away, and the line without it.

Names, numbers, addresses and matters of health are found by patterns and lists in Swedish, Danish and English, shown
to the writer first, and masked before anything is kept: what was masked is nowhere. A list has not every name and a
pattern no understanding; docs/explanation/who-answered.md says what is not seen.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

LONGEST: Final = 400
MASKS: Final = {
    "contact": "[kontakt]",
    "address": "[adress]",
    "number": "[nummer]",
    "name": "[namn]",
    "health": "[hälsa]",
}


@dataclass(frozen=True)
class Found:
    """What in the line looks like something: ``kind`` is a key of ``MASKS``. Its words show in no repr."""

    kind: str
    words: str = field(repr=False)


@dataclass(frozen=True)
class Screened:
    """The line as it may be kept, and what was found in it."""

    text: str
    found: tuple[Found, ...]

    @property
    def is_clean(self) -> bool:
        return not self.found


def screen(text: str, longest: int = LONGEST) -> Screened:
    """The line on one row, with a mask in the place of what looks like somebody.

    >>> screen("Ring Anna Holm på 070-123 45 67, hon var bra").text
    'Ring [namn] på [nummer], hon var bra'
    >>> screen("Klockan 09.30 var det lugnt på Försäkringskassan").is_clean
    True
    """
    return _screened(text, longest, lambda line: MASKS)


class Screener:
    """Screens many lines in less time: a different word is looked at once, and a line only for what it may hold with
    the words that it has. What comes of it is what ``screen`` says."""

    def __init__(self) -> None:
        self._signs: dict[str, _Signs] = {}

    def screen(self, text: str, longest: int = LONGEST) -> Screened:
        return _screened(text, longest, self._kinds)

    def _kinds(self, line: str) -> Collection[str]:
        kinds: set[str] = set()
        has_digit = has_place = False
        before = "."
        for word in line.split():
            signs = self._signs.get(word)
            if signs is None:
                signs = self._look_at(word)
            if signs.is_plain:
                before = word
                continue
            kinds |= signs.kinds
            if signs.is_capital_only and before[-1] not in _SENTENCE_ENDS:
                kinds.add("name")
            has_place |= signs.is_place or (has_digit and word[0].isupper())
            has_digit |= signs.has_digit
            before = word
        if has_digit:
            kinds.add("number")
            if has_place:
                kinds.add("address")
        return kinds

    def _look_at(self, word: str) -> "_Signs":
        if len(self._signs) >= _MOST_WORDS:
            self._signs.clear()
        return self._signs.setdefault(word, _signs_of(word))


def _screened(text: str, longest: int, kinds: Callable[[str], Collection[str]]) -> Screened:
    line = " ".join(unicodedata.normalize("NFC", text[: longest * _ROOM]).split())
    found: list[Found] = []
    # A mask may show that the word after it does not begin a sentence: looked through until nothing more is seen.
    for _pass in range(_PASSES):
        stretches = _stretches(line, kinds(line))
        if not stretches:
            break
        found += [Found(each.kind, line[each.start : each.end]) for each in stretches]
        line = _masked(line, stretches)
    return Screened(line[:longest].strip(), tuple(found))


def without_masks(text: str) -> str:
    """A kept line's own words, to be counted.

    >>> without_masks("Ring [namn] på [nummer], hon var bra")
    'Ring på , hon var bra'
    """
    return " ".join(_MASK.sub(" ", text).split())


_PASSES: Final = 5
# So many times as long as what is kept is looked through: a mask is seldom shorter than a fourth of what it hides.
_ROOM: Final = 4
_MASK: Final = re.compile("|".join(re.escape(mask) for mask in MASKS.values()))


class _Stretch(NamedTuple):
    kind: str
    start: int
    end: int


def _masked(line: str, stretches: list[_Stretch]) -> str:
    parts, at = [], 0
    for each in stretches:
        parts += [line[at : each.start], MASKS[each.kind]]
        at = each.end
    return "".join([*parts, line[at:]])


def _stretches(line: str, kinds: Collection[str]) -> list[_Stretch]:
    """What is seen of these kinds, in reading order. Where two meet, the more certain one stands (the order of
    ``MASKS``)."""
    taken: list[_Stretch] = []
    for kind in MASKS:
        if kind in kinds:
            taken += [_Stretch(kind, *span) for span in list(_SPANS[kind](line)) if _is_free(span, taken)]
    return sorted(taken, key=lambda each: each.start)


def _spans(pattern: re.Pattern[str]) -> Callable[[str], Iterator[tuple[int, int]]]:
    return lambda line: (match.span() for match in pattern.finditer(line))


def _is_free(span: tuple[int, int], taken: list[_Stretch]) -> bool:
    return all(span[1] <= each.start or each.end <= span[0] for each in taken)


# ---------------------------------------------------------------- numbers, addresses, contacts

_CONTACT: Final = re.compile(
    r"""(?<![\w.+-])[\w.+-]{1,64}\s?(?:@|\(at\)|\[at\]|\bsnabel-?a\b)\s?[\w-]+(?:\.[\w-]+)+  # e-mail, also hidden
    | (?<!\w)@[\w.]{3,}                                                    # an account
    | \b(?:https?://|www\.)\S+""",
    re.VERBOSE | re.IGNORECASE,
)
_WAYS: Final = (
    r"(?:gatan|gata|vägen|gränden?|stigen|torget|allén?|backen|gården|esplanaden|"
    r"gade|gaden|vej|vejen|all[ée]|stræde|plads|torv|boulevard)"
)
_ADDRESS: Final = re.compile(
    rf"""(?:\b(?-i:[A-ZÅÄÖÆØ])\w+\s)?\b\w*{_WAYS}\s+\d{{1,4}}(?:\s?[a-zA-Z]\b)?
      (?:,?\s*(?:lgh|l[äa]genhet)\.?\s*\d+|,?\s*(?:\d{{1,2}}\.?\s*)?(?:st|th|tv|mf)\b)?
    | \b\d{{1,4}}[a-z]?\s+(?:(?-i:[A-Z])\w+\s+){{1,2}}(?:street|st\.|road|rd\.|avenue|ave\.|lane|close|drive)\b
    | \b\d{{3}}\s?\d{{2}}\s+(?-i:[A-ZÅÄÖ])\w+""",
    re.VERBOSE | re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"(?<![\w.])\+?\(?\d(?:[\s().\-–/+]{0,2}\d)+(?!\w)")
_LEAST_DIGITS: Final = 6
# 9.30–10.15 and 2025–2026 point at nobody; nor does a sum of money.
_TIMES: Final = re.compile(r"\d{1,2}[.:]\d{2}(?:\s?[-–]\s?\d{1,2}[.:]\d{2})?|(?:19|20)\d\d\s?[-–/]\s?(?:19|20)?\d\d")
_MONEY: Final = re.compile(r"\s?(?:kr\b|kronor|kroner|sek\b|dkk\b|euro|€|:-)", re.IGNORECASE)


def _is_number(match: re.Match[str], line: str) -> bool:
    digits = sum(map(str.isdigit, match[0]))
    if digits < _LEAST_DIGITS or _TIMES.fullmatch(match[0]):
        return False
    return not (digits <= 7 and _MONEY.match(line, match.end()))


# ---------------------------------------------------------------- health

# About somebody's condition; words about care (hospital, nurse, doctor) say nothing of who was ill.
_HEALTH: Final = re.compile(
    r"""\b(?:
      sjuk(?!hus|sköt|vård|gymn|kass|res)\w* | syg(?:dom\w*|emeld\w*|\b) | sick(?!\s+of)\w* | illness\w*
    | \w*diagnos\w* | \w*cancer\w* | tumör\w* | kræft\w* | hjärtfel | hjertefejl | \w*infarkt\w* | stroke\w*
    | depress\w* | deprim\w* | \w*ångest\w* | \w*angst\b | anxiety | bipolär\w* | bipolar\w* | schizo\w* | ptsd
    | psyk(?:isk|os|ot|iat)\w* | psych(?:osis|otic|iatr)\w* | trauma\w* | utbränd\w* | utmattning\w* | burn-?out
    | adhd | add | autis\w* | asperger\w* | dyslexi\w* | utvecklingsstör\w* | bup | lss
    | suicid\w* | självmord\w* | selvmord\w* | självskad\w* | selvskad\w*
    | demen[st]\w* | alzheimer\w* | parkinson\w* | epilep\w* | diabet\w* | allerg\w* | astma\w* | asthma\w*
    | covid\w* | hiv | aids | klamydia | könssjuk\w* | gravid\w* | pregnan\w* | abort\w* | missfall\w* | miscarriage\w*
    | missbruk\w* | misbrug\w* | narkoman\w* | alkohol\w* | alcohol\w* | addict\w* | droger | drugs
    | medicin(?:en|er|erna|ering\w*|ere[tr]|s)? | medication\w* | tablett(?:er|erna)
    | smärt\w* | smerter\w* | ont\s+i\s+\w+ | värk\w* | operer\w*
    | handikapp\w* | handicap\w* | funktionsned\w* | funktionshind\w* | disab(?:led|ilit)\w*
    | rullstol\w* | kørestol\w* | wheelchair\w*
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)

# ---------------------------------------------------------------- names


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_WORD: Final = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_SENTENCE_ENDS: Final = frozenset('.!?:;…"”»«“(–-/')
_PARTICLES: Final = _set("af von van de da del al el bin ibn abu der la le")
# After one of these comes somebody's name.
_CUES: Final = _set(
    """heter hette kallas hedder hed named herr fru fröken frøken hr mr mrs ms miss doktor dr läkare läkaren lege lægen
    handläggare handläggaren sagsbehandler sagsbehandleren lärare läraren lærer læreren teacher rektor chefen"""
)
# After one of these a single word with a capital letter is a place.
_TO_PLACES: Final = _set(
    """i på till från vid via genom mot utanför nära om ved fra til gennem mod uden for in at from to near through"""
)
_NO_NAMES: Final = _set(
    """i i'm i'd i've i'll de dem deres dig er jer english swedish danish arabic somali monday tuesday wednesday
    thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays sundays january
    february march april may june july august september october november december
    christmas easter god gud sverige danmark norge finland sweden denmark europa eu internet google facebook teams zoom
    skype word excel bankid mitid nemid swish samspel sfi komvux csn ikea ica coop jul påsk midsommar ok tack hej mvh vh
    hälsningar"""
)
_ORGANISATIONS: Final = re.compile(
    r"(?:kassan|verket|centrum|skolan?|skole|biblioteket?|kommun(?:en)?|kommune[rn]?|förmedlingen|nämnden|tjänsten|gården|huset|hallen"
    r"|center|centret|centre|library|office|school|service|sjukhuset?|hospital|församlingen|kyrkan|kirke|badet|parken|museet|torget)$"
)


@cache
def given_names() -> tuple[frozenset[str], frozenset[str]]:
    """Names that are only names, and names that are common words too."""
    lines = (Path(__file__).parent / "given_names.txt").read_text(encoding="utf-8").splitlines()
    words = {"": set[str](), "!": set[str]()}
    for line in lines:
        if not line.startswith("#"):
            words["!" if line.startswith("!") else ""].update(line.lstrip("! ").casefold().split())
    also_words = frozenset(words["!"])
    return frozenset(words[""] - also_words), also_words


@dataclass(frozen=True)
class _Word:
    """A word of the line: ``opens`` says that a sentence begins with it, where a capital letter says nothing."""

    start: int
    end: int
    text: str
    before: str
    opens: bool

    @property
    def plain(self) -> str:
        return self.text.casefold()

    @property
    def is_capital(self) -> bool:
        return self.text[0].isupper() and not (len(self.text) > 1 and self.text.isupper())

    @property
    def may_be_name(self) -> bool:
        return self.is_capital and self.plain not in _NO_NAMES and not _ORGANISATIONS.search(self.plain)


def _words(line: str) -> list[_Word]:
    words: list[_Word] = []
    for match in _WORD.finditer(line):
        between = line[words[-1].end if words else 0 : match.start()]
        said = re.search(r"\w", between) is not None  # a number stands between the two words
        marks = re.split(r"\w", between)[-1]
        opens = not (words or said) or any(mark in _SENTENCE_ENDS for mark in marks)
        words.append(_Word(*match.span(), match[0], words[-1].plain if words and not said else "", opens))
    return words


def _names(line: str) -> Iterator[tuple[int, int]]:
    """Stretches that look like somebody's name, with the surnames that follow."""
    words = _words(line)
    long = [word for word in words if len(word.text) > 3]
    shouts = bool(long) and sum(word.text[0].isupper() for word in long) * 2 > len(long) and len(long) > 4
    at = 0
    while at < len(words):
        word, after = words[at], words[at + 1] if at + 1 < len(words) else None
        if not _is_name(word, after, shouts):
            at += 1
            continue
        last = at
        while last + 1 < len(words) and _goes_on(words[last], words[last + 1], line, words[last + 2 : last + 3]):
            last += 1
        yield word.start, words[last].end
        at = last + 1


def _stems(plain: str) -> set[str]:
    return {plain, plain.removesuffix("s"), plain.removesuffix("'s").removesuffix("’s")}


def _is_name(word: _Word, after: _Word | None, shouts: bool) -> bool:
    sure, also_words = given_names()
    stems = _stems(word.plain)
    if len(word.text) > 2 and stems & sure:
        return True
    if not word.may_be_name:
        return False
    if word.before in _CUES and not word.opens:
        return True
    if word.opens:
        is_followed = after is not None and after.is_capital and not after.opens and after.plain not in _NO_NAMES
        return bool(stems & also_words) and is_followed
    if stems & also_words:
        return True
    # A capital letter inside a sentence: somebody or somewhere. Where all words have one it says nothing.
    return not shouts and word.before not in _TO_PLACES and len(word.text) > 1


def _goes_on(word: _Word, after: _Word, line: str, beyond: list[_Word]) -> bool:
    """Whether the next word belongs to the same name."""
    if line[word.end : after.start] != " ":
        return False
    if after.plain in _PARTICLES:
        return bool(beyond) and beyond[0].is_capital
    return after.may_be_name


_SPANS: Final[dict[str, Callable[[str], Iterable[tuple[int, int]]]]] = {
    "contact": _spans(_CONTACT),
    "address": _spans(_ADDRESS),
    "number": lambda line: (match.span() for match in _NUMBER.finditer(line) if _is_number(match, line)),
    "name": _names,
    "health": _spans(_HEALTH),
}

# ---------------------------------------------------------------- what a word may be a part of

_MOST_WORDS: Final = 100_000
_DIGIT: Final = re.compile(r"\d")
# No pattern above reaches over a space but by these.
_IN_CONTACT: Final = re.compile(r"@|\(at\)|\[at\]|snabel-?a|https?://|www\.", re.IGNORECASE)
_IN_ADDRESS: Final = re.compile(rf"{_WAYS}|street|st\.|road|rd\.|avenue|ave\.|lane|close|drive", re.IGNORECASE)
_IN_HEALTH: Final = re.compile(rf"{_HEALTH.pattern}|\bont$", re.VERBOSE | re.IGNORECASE)
_ONE_WORD: Final = re.compile(rf"(?:(?!\w).)*({_WORD.pattern})\W*")


@dataclass(frozen=True)
class _Signs:
    """Of what stands between two spaces: the kinds that any line with it may hold; whether it is a name at most where
    it does not begin a sentence; whether it may be the word of an address that stands beside a digit; whether none of
    this is so and its first letter is small, so that it is nothing in any line."""

    kinds: frozenset[str]
    is_capital_only: bool
    is_place: bool
    has_digit: bool
    is_plain: bool = False


_NUMBER_SIGNS: Final = _Signs(frozenset(), is_capital_only=False, is_place=False, has_digit=True)


def _signs_of(text: str) -> _Signs:
    if text.isdecimal():
        return _NUMBER_SIGNS
    kinds = {kind for kind, pattern in (("contact", _IN_CONTACT), ("health", _IN_HEALTH)) if pattern.search(text)}
    sure, also_words = given_names()
    words = _words(text)
    is_capital_only = False
    if any(len(word.text) > 2 and _stems(word.plain) & sure for word in words):
        kinds.add("name")
    elif any(word.may_be_name for word in words):
        is_capital_only = _ONE_WORD.fullmatch(text) is not None and not _stems(words[0].plain) & also_words
        if not is_capital_only:
            kinds.add("name")
    is_place, has_digit = _IN_ADDRESS.search(text) is not None, _DIGIT.search(text) is not None
    is_plain = not (kinds or is_capital_only or is_place or has_digit or text[0].isupper())
    return _Signs(frozenset(kinds), is_capital_only, is_place, has_digit, is_plain)
