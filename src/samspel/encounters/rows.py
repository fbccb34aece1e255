"""An answer as other systems and files tell it: in words, column by column. What each may hold stands here and nowhere
else: the HTTP API reads row by row, and a file of millions each different word once (``files.py``)."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _

from samspel.encounters.actions.taking_in import NewAnswer
from samspel.encounters.keyed import hash_of
from samspel.encounters.models import AgeBand, Area, Channel, Factor, Level, Service, Side
from samspel.encounters.screening import LONGEST, Screener
from samspel.people import queries as people

COLUMNS: Final = (
    *("at", "unit", "service", "channel", "provider", "language", "age_band", "area"),
    *("side", "level", "factors", "text", "token", "key"),
)
REQUIRED: Final = ("at", "unit", "side", "level")
# What an answer is known by when it is taken back: its day, where it was given, and its own key.
NAMING: Final = ("at", "unit", "key")
# What the columns with a few fixed words may hold.
CHANNELS, AGE_BANDS, SIDES, LEVELS = Channel.values, AgeBand.values, Side.values, Level.values
# Clocks differ; more than this is no clock.
AHEAD: Final = timedelta(minutes=5)
OLDEST: Final = datetime(2000, 1, 1, tzinfo=UTC)

_AT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)(Z|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII)
KEY: Final = r"[A-Za-z0-9._:-]{1,80}"
# What no database keeps, and what is half a letter.
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_LANGUAGE = re.compile(r"[a-z]{2,3}", re.ASCII)
_CLOSE = 0.6


class UnfitError(Exception):
    """What a cell says cannot be used; the text is for whoever sent it."""


@dataclass(frozen=True)
class Fault:
    """A cell that cannot be used, and why."""

    column: str
    reason: str


@dataclass(frozen=True)
class Marks:
    """Factors as they were marked: as help, as hindrance, or without a word of which."""

    helped: tuple[str, ...] = ()
    hindered: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()

    def at_level(self, level: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What helped and what hindered: a factor without a sign helped a good meeting and hindered any other."""
        if level == 3:
            return (*self.helped, *self.unsaid), self.hindered
        return self.helped, (*self.hindered, *self.unsaid)


@dataclass
class Names:
    """What units and the rest are called here, in small letters, and their numbers (factors: their keys).

    A unit is known by its name, by the name above it too where several have it ("Norrskolan / Köket"), and by number.
    """

    units: dict[str, int]
    services: dict[str, int]
    providers: dict[str, int]
    areas: dict[str, int]
    factors: dict[str, str]
    # Names that several have, and what to write instead.
    shared: dict[str, tuple[str, ...]] = field(default_factory=dict)
    called: dict[str, str] = field(default_factory=dict)
    # A near name takes a while to find: for so many words it is done.
    searches_left: int = 50

    def near(self, word: str, known: Mapping[str, object]) -> str:
        """The name that is most like a word that is none; empty when nothing is like it."""
        self.searches_left -= 1
        if self.searches_left < 0:
            return ""
        found = difflib.get_close_matches(word.casefold()[:120], known, n=1, cutoff=_CLOSE)
        return self.called.get(found[0], found[0]) if found else ""


def load_names() -> Names:
    """All names as they are now, of units that are open. Five queries."""
    units: dict[str, list[tuple[int, str]]] = {}
    path: list[str] = []
    called: dict[str, str] = {}
    for branch in people.unit_tree():
        path[branch.depth :] = [branch.unit.name]
        above = " / ".join(path[-2:])
        for name in dict.fromkeys((branch.unit.name, above, " / ".join(path))):
            units.setdefault(name.casefold(), []).append((branch.unit.pk, above))
            called[name.casefold()] = name
        units[str(branch.unit.pk)] = [(branch.unit.pk, above)]
    services = list(Service.objects.values_list("pk", "key", "name"))
    areas = list(Area.objects.values_list("pk", "key", "name"))
    factors: dict[str, str] = {}
    for key, names in Factor.objects.values_list("key", "name"):
        factors |= {str(name).casefold(): key for name in names.values()}
    return Names(
        units={name: found[0][0] for name, found in units.items() if len(found) == 1},
        services=_by_key_and_name(services),
        providers={one.name.casefold(): one.pk for one in people.providers()},
        areas=_by_key_and_name(areas),
        factors=factors | {key: key for key in Factor.objects.values_list("key", flat=True)},
        shared={name: tuple(above for _id, above in found) for name, found in units.items() if len(found) > 1},
        called=called,
    )


def _by_key_and_name(rows: Iterable[tuple[int, str, str]]) -> dict[str, int]:
    found = list(rows)
    return {name.casefold(): pk for pk, _key, name in found} | {key: pk for pk, key, _name in found}


# ---------------------------------------------------------------- what each column may hold


def read_at(text: str, now: datetime) -> datetime:
    """A moment: ISO 8601; without an offset in the municipality's own time, and of a day alone its noon."""
    found = _AT.fullmatch(text)
    if found is None:
        raise UnfitError(_("Skriv tiden som 2026-04-02T13:05 eller 2026-04-02T13:05:00+02:00."))
    day, clock, offset = found.groups()
    try:
        at = datetime.combine(date.fromisoformat(day), time.fromisoformat((clock or "12:00") + (offset or "")))
        at = timezone.make_aware(at) if at.tzinfo is None else at
        at = at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UnfitError(_("Den tiden finns inte.")) from error
    if at > now + AHEAD:
        raise UnfitError(_("Tiden har inte varit än."))
    if at < OLDEST:
        raise UnfitError(_("Tiden är före år 2000."))
    return at


def read_unit(text: str, names: Names) -> int:
    found = names.units.get(text.casefold())
    if found is not None:
        return found
    shared = names.shared.get(text.casefold())
    if shared:
        raise UnfitError(
            _("Flera enheter heter så. Skriv en av: %(names)s.") % {"names": ", ".join(sorted(set(shared))[:5])}
        )
    raise unknown(text, names.near(text, names.units))


def read_service(text: str, names: Names) -> int | None:
    return _found(text, names.services, names)


def read_provider(text: str, names: Names) -> int | None:
    return _found(text, names.providers, names)


def read_area(text: str, names: Names) -> int | None:
    return _found(text, names.areas, names)


def read_factors(text: str, names: Names) -> Marks:
    marks: dict[str, list[str]] = {"+": [], "-": [], "": []}
    for word in filter(None, (part.strip() for part in text.split("|"))):
        sign = word[0] if word[0] in "+-" else ""
        key = _found(word[len(sign) :].strip(), names.factors, names)
        if key is None or any(key in marked for marked in marks.values()):
            raise UnfitError(_("Skriv varje faktor en gång, som +tid eller -tid, med | emellan."))
        marks[sign].append(key)
    return Marks(tuple(marks["+"]), tuple(marks["-"]), tuple(marks[""]))


def read_channel(text: str) -> str:
    return _one_of(text, ("", *CHANNELS))


def read_age_band(text: str) -> str:
    return _one_of(text, ("", *AGE_BANDS))


def read_side(text: str) -> str:
    return _one_of(text, SIDES)


def read_level(text: str) -> int:
    return int(_one_of(text, ("1", "2", "3")))


def read_language(text: str) -> str:
    if text and not _LANGUAGE.fullmatch(text):
        raise UnfitError(_("Skriv språkets kod, som sv, ar eller uk."))
    return text


def read_text(text: str, screener: Screener) -> str:
    if len(text) > LONGEST:
        raise UnfitError(_("Högst %(most)s tecken.") % {"most": LONGEST})
    return screener.screen(text).text if text else ""


def read_token(text: str) -> bytes | None:
    if len(text) > 200:
        raise UnfitError(_("Högst %(most)s tecken.") % {"most": 200})
    return hash_of("meeting", text) if text else None


def read_key(text: str) -> str:
    if not re.fullmatch(KEY, text, re.ASCII):
        raise UnfitError(_("En nyckel har 1 till 80 tecken: bokstäverna a till z, siffror och . _ : -"))
    return text


_Value = TypeVar("_Value")


def _found(text: str, known: Mapping[str, _Value], names: Names) -> _Value | None:
    if not text:
        return None
    found = known.get(text.casefold())
    if found is None:
        raise unknown(text, names.near(text, known))
    return found


def unknown(text: str, near: str = "") -> UnfitError:
    """That nothing here is called so, and what is."""
    known = {"name": text[:80], "near": near}
    if near:
        return UnfitError(_("”%(name)s” finns inte här. Menade du ”%(near)s”?") % known)
    return UnfitError(_("”%(name)s” finns inte här.") % known)


def _one_of(text: str, known: Iterable[str]) -> str:
    if text not in known:
        raise UnfitError(_("Skriv något av: %(known)s.") % {"known": ", ".join(filter(None, known))})
    return text


def rules(names: Names, now: datetime) -> dict[str, Callable[[str], Any]]:
    """For each column what it says, as a function of its text; it raises ``UnfitError``."""
    screener = Screener()
    return {
        "at": lambda text: read_at(text, now),
        "unit": lambda text: read_unit(text, names),
        "service": lambda text: read_service(text, names),
        "channel": read_channel,
        "provider": lambda text: read_provider(text, names),
        "language": read_language,
        "age_band": read_age_band,
        "area": lambda text: read_area(text, names),
        "side": read_side,
        "level": read_level,
        "factors": lambda text: read_factors(text, names),
        "text": lambda text: read_text(text, screener),
        "token": read_token,
        "key": read_key,
    }


# ---------------------------------------------------------------- a row


def read_row(
    cells: Mapping[str, str], rules: Mapping[str, Callable[[str], Any]], columns: Iterable[str] = COLUMNS
) -> dict[str, Any] | list[Fault]:
    """What the cells of these columns tell, or all that is wrong with them. A column that is left out is empty."""
    values: dict[str, Any] = {}
    faults = []
    for column in columns:
        try:
            values[column] = read_cell(column, cells.get(column, ""), rules[column])
        except UnfitError as error:
            faults.append(Fault(column, str(error)))
    return faults or values


def read_cell(column: str, text: str, rule: Callable[[str], Any]) -> Any:
    """:raises UnfitError: it says nothing that can be used."""
    text = text.strip()
    if not text and column in REQUIRED:
        raise UnfitError(_("Fyll i den här kolumnen."))
    if _NO_TEXT.search(text):
        raise UnfitError(_("Där finns tecken som inte är text."))
    return rule(text)


def answer_of(values: Mapping[str, Any]) -> NewAnswer:
    """The answer of a row whose cells have all been read."""
    helped, hindered = values["factors"].at_level(values["level"])
    return NewAnswer(
        at=values["at"],
        unit_id=values["unit"],
        side=values["side"],
        level=values["level"],
        key=values["key"],
        service_id=values["service"],
        provider_id=values["provider"],
        area_id=values["area"],
        channel=values["channel"],
        language=values["language"],
        age_band=values["age_band"],
        helped=helped,
        hindered=hindered,
        text=values["text"],
        token=values["token"],
    )
