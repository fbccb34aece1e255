"""What in somebody's words may be more than she wants to tell, and the words without it. A hint, never a stop."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Literal

from samspel.encounters.screening import screen

Kind = Literal["benefit", "health", "child", "name", "number"]


@dataclass(frozen=True)
class Hint:
    """What the words may be about, and the same without those sentences; ``shorter`` is empty when nothing is left."""

    kinds: tuple[Kind, ...]
    shorter: str = field(repr=False)

    @property
    def kind(self) -> Kind:
        """The one to tell of."""
        return self.kinds[0]


def hint_for(words: str, *, known: Collection[Kind] = ()) -> Hint | None:
    """None when there is nothing to say.

    :param known: kinds that she has been told of and keeps, or has said herself, as that a child is there.

    >>> hint_for("Jag kan köra till affären på lördagar. Jag är sjukskriven och har tid.")
    Hint(kinds=('health',))
    >>> hint_for("Jag kan köra till affären eftersom jag är sjukskriven.").shorter
    'Jag kan köra till affären.'
    """
    kinds = _kinds(words, known)
    return Hint(kinds, _without(words, known)) if kinds else None


def mark_of(words: str, kind: Kind) -> str:
    """What the form carries when she has seen the hint of this kind and keeps her words."""
    return sha256(f"{kind}\n{words.strip()}".encode()).hexdigest()[:16]


def kinds_kept(words: str, marks: Collection[str]) -> tuple[Kind, ...]:
    """The kinds of hint that these marks are of, for just these words."""
    return tuple(kind for kind in _ORDER if mark_of(words, kind) in marks)


def looks_like_a_name(called: str) -> bool:
    """What somebody wants to be called here is to be no name.

    >>> looks_like_a_name("Anna Holm"), looks_like_a_name("Grannen med bilen")
    (True, False)
    """
    return any(each.kind in {"name", "contact", "number"} for each in screen(called).found)


# ---------------------------------------------------------------- what it looks like

_BENEFIT: Final = re.compile(
    r"""\b(?:
      sjukpenning\w* | sjukersättning\w* | sjukpension\w* | aktivitetsersättning\w* | aktivitetsstöd\w*
    | rehabiliteringspenning\w* | förtidspension\w* | a-?kass[ae]\w* | arbetslöshetsersättning\w* | försörjningsstöd\w*
    | socialbidrag\w* | bostadsbidrag\w* | bidragstagare | (?:går|lever)\s+på\s+(?:bidrag|soc)\w*
    | etableringsersättning\w*
    | dagpenge\w* | sygedagpenge\w* | kontanthjælp\w* | førtidspension\w* | efterløn\w* | ledighedsydelse\w*
    | ressourceforløb\w* | integrationsydelse\w* | uddannelseshjælp\w* | (?:på|får)\s+overførselsindkomst\w*
    | benefits? | sick(?:ness)?\s+(?:pay|benefits?) | (?:on|get)\s+welfare | social\s+assistance | jobseeker\w*
    | disability\s+pension | universal\s+credit
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
# Beside what encounters.screening knows: what people break, and why they cannot drive.
_BODY: Final = (
    r"(?:arm|ben|fot|fod|hand|hånd|handled|axel|rygg|ryg|höft|hofte|knä|knæ|leg|foot|wrist|shoulder|hip|back)\w*"
)
_HEALTH: Final = re.compile(
    rf"""\b(?:
      (?:brutit|bruten|brutet|stukat|skadat|opererat|brækket|forstuvet|skadet|broken|sprained|injured)\s+(?:\w+\s+)?{_BODY}
    | (?:dålig|dåligt|dårlig|dårligt|bad)\s+{_BODY} | ryggont | sygemeldt | sygemelding | sick\s+leave
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
_CHILD: Final = re.compile(
    r"""\b(?:
      barn(?:et|en|ets|ens)? | barnbarn\w* | småbarn\w* | skolbarn\w* | barnvakt\w* | barnpassning\w*
    | bebis\w* | baby\w* | dotter\w* | döttrar\w* | son(?:en|s|ens)? | söner(?:na)? | tonåring\w* | elev(?:er|en|erna)?
    | børn(?:ene|enes|s)? | børnepasning\w* | datter\w* | døtre\w* | søn(?:nen|s)? | sønner\w* | teenager\w*
    | child(?:ren)?(?:['’]?s)? | kids? | daughters? | sons? | grandchild\w* | babysit\w* | toddlers? | pupils?
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
_ORDER: Final[tuple[Kind, ...]] = ("benefit", "health", "child", "name", "number")
_SEEN: Final[dict[str, Kind]] = {
    "health": "health",
    "name": "name",
    "contact": "number",
    "number": "number",
    "address": "number",
}


def _kinds(words: str, known: Collection[Kind]) -> tuple[Kind, ...]:
    found: set[Kind] = set()
    rest = words
    if _BENEFIT.search(words):
        found.add("benefit")
        rest = _BENEFIT.sub(" ", words)  # sjukpenning is no second word, of health
    if _HEALTH.search(rest):
        found.add("health")
    if _CHILD.search(rest):
        found.add("child")
    found |= {_SEEN[each.kind] for each in screen(rest, len(rest) * 2 + 1).found}
    return tuple(kind for kind in _ORDER if kind in found and kind not in known)


# ---------------------------------------------------------------- without it

_SENTENCE: Final = re.compile(r"(?<=[.!?…])\s+|\n+")
_CLAUSE: Final = re.compile(
    r",?\s+(?:eftersom|därför\s+att|för\s+att\s+jag|då\s+jag|fordi|da\s+jeg|because|since\s+i|as\s+i)\s+|,\s+",
    re.IGNORECASE,
)


def _without(words: str, known: Collection[Kind]) -> str:
    """The sentences that may stay; of a sentence with a reason in it, what comes before the reason."""

    def may_stay(part: str) -> bool:
        return not _kinds(part, known)

    sentences = [part.strip() for part in _SENTENCE.split(words.strip()) if part.strip()]
    kept = [sentence if may_stay(sentence) else _beginning(sentence, may_stay) for sentence in sentences]
    return " ".join(filter(None, kept))


def _beginning(sentence: str, may_stay: Callable[[str], bool]) -> str:
    parts = _CLAUSE.split(sentence)
    first = parts[0]
    if len(parts) == 1 or len(first.split()) < _LEAST_WORDS or not may_stay(first):
        return ""
    return first.rstrip(".!?… ") + "."


_LEAST_WORDS: Final = 3
