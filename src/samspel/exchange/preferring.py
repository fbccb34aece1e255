"""How the municipality chooses: the order of what it wants, limits, and weights that one can read, set and reset."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from samspel.exchange.models import Judgement, Preference

if TYPE_CHECKING:
    from samspel.engine.candidates import Learned
    from samspel.engine.matching.posts import Goal

GOAL_NAMES: Final[dict[str, str | Promise]] = {
    "needs": _("Så många behov som möjligt möts"),
    "wait": _("De som har väntat längst går före"),
    "hands": _("Så få händer som möjligt i varje kedja"),
    "fit": _("Det som passar bäst"),
    "survive": _("Det som håller även om någon säger nej"),
}
PART_NAMES: Final[dict[str, str | Promise]] = {
    "words": _("Orden de har skrivit"),
    "kind": _("Samma slags hjälp"),
    "place": _("Samma område"),
    "time": _("Samma dagar"),
    "language": _("Ett gemensamt språk"),
}
RINGS: Final = (0, 2, 3, 4)
CHAINS: Final = (0, 1, 2, 3, 4, 5, 6)
_MOST_JUDGED: Final = 5_000


@dataclass(frozen=True)
class Weight:
    """One weight: now, to begin with, and as it was learned."""

    name: str
    label: str
    now: float
    first: float
    learned: float | None


@dataclass(frozen=True)
class Preferring:
    goals: tuple[tuple[str, str, int], ...]  # with its place in the order, 0 for not wanted
    preference: Preference
    weights: tuple[Weight, ...]
    learned: "Learned | None"

    @property
    def before(self) -> int | None:
        """Of a hundred, how often an accepted pair stands before a rejected one as it is now."""
        return None if self.learned is None else _of_hundred(self.learned.before)

    @property
    def after(self) -> int | None:
        return None if self.learned is None else _of_hundred(self.learned.after)


def _of_hundred(share: float | None) -> int | None:
    return None if share is None else round(100 * share)


def preferences() -> Preference:
    return Preference.objects.filter(pk=1).first() or Preference()


def goals_of(preference: Preference) -> "list[Goal]":
    """In the order in which the municipality wants them."""
    known: dict[str, Goal] = {"needs": "needs", "wait": "wait", "hands": "hands", "fit": "fit", "survive": "survive"}
    return [known[goal] for goal in preference.goals if goal in known] or ["needs", "wait", "hands", "fit"]


def preferring() -> Preferring:
    """What the page shows. Two queries, and what a few thousand judgements take to learn from."""
    from samspel.engine.candidates import PARTS, Weights

    preference = preferences()
    order = goals_of(preference)
    now, first = dict(Weights(**preference.weights)), dict(Weights())
    learned = learned_now(preference)
    better = dict(learned.weights) if learned is not None else {}
    return Preferring(
        tuple((goal, str(label), order.index(goal) + 1 if goal in order else 0) for goal, label in GOAL_NAMES.items()),
        preference,
        tuple(Weight(name, str(PART_NAMES[name]), now[name], first[name], better.get(name)) for name in PARTS),
        learned,
    )


def learned_now(preference: Preference) -> "Learned | None":
    """Weights out of what has been accepted and rejected; None when nothing has."""
    import numpy as np

    from samspel.engine.candidates import PARTS, Judged, Weights, learn

    rows = list(Judgement.objects.order_by("-pk").values_list("parts", "is_good", "need")[:_MOST_JUDGED])
    if not rows:
        return None
    judged = Judged(
        np.array([_parts(parts, PARTS) for parts, _good, _need in rows]),
        np.array([good for _parts_, good, _need in rows], dtype=bool),
        np.array([need for _parts_, _good, need in rows], dtype=np.int64),
    )
    return learn(judged, Weights(**preference.weights))


def _parts(said: dict[str, float], names: Sequence[str]) -> list[float]:
    return [min(1.0, max(0.0, float(said.get(name, 0.0)))) for name in names]
