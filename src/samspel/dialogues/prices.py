"""What a change of tables costs, in words, and why a hard rule says no."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspel.dialogues.compute_changes import ByHand
from samspel.engine.seating import Broken, Cost


@dataclass(frozen=True)
class Price:
    """``to`` is the table or the person that a press would send her to; ``words`` what it would cost."""

    to: str
    words: str
    is_possible: bool
    is_free: bool
    rank: tuple[float, ...] = ()
    name: str = ""
    table: str = ""


def price_of(hand: ByHand, to: str, cost: Cost, *, name: str = "", table: str = "") -> Price:
    """The price of a change, or the rule that says no to it."""
    words = why_not(cost.broken[0], hand.names(cost.broken[0].people)) if cost.broken else cost_words(cost)
    rank = (len(cost.broken), -cost.new, -cost.unit_pairs, cost.alike)
    return Price(to, words, not cost.broken, cost.is_free, rank, name, table)


def cost_words(cost: Cost) -> str:
    """«Två nya möten färre, ett enhetspar färre.» What is not changed is not said."""
    parts = []
    if cost.new > 0:
        parts.append(ngettext("%(n)s nytt möte till", "%(n)s nya möten till", cost.new) % {"n": cost.new})
    if cost.new < 0:
        parts.append(ngettext("%(n)s nytt möte färre", "%(n)s nya möten färre", -cost.new) % {"n": -cost.new})
    if cost.unit_pairs > 0:
        text = ngettext("%(n)s par av enheter till möts", "%(n)s par av enheter till möts", cost.unit_pairs)
        parts.append(text % {"n": cost.unit_pairs})
    if cost.unit_pairs < 0:
        text = ngettext("%(n)s par av enheter färre möts", "%(n)s par av enheter färre möts", -cost.unit_pairs)
        parts.append(text % {"n": -cost.unit_pairs})
    if cost.repeats > 0:
        parts.append(ngettext("%(n)s par möts igen", "%(n)s par möts igen", cost.repeats) % {"n": cost.repeats})
    percent = round(100 * cost.gain, 1)
    if percent:
        size = abs(percent)
        change = number_format(size, 1) if size < 1 else number_format(round(size), 0)
        text = (
            _("borden blir %(n)s procent mer blandade")
            if percent > 0
            else _("borden blir %(n)s procent mindre blandade")
        )
        parts.append(text % {"n": change})
    if not parts:
        return _("Kostar inget.")
    line = ", ".join(parts)
    return f"{line[0].upper()}{line[1:]}."


def why_not(broken: Broken, names: Sequence[str]) -> str:
    """The rule that says no."""
    who = _(" och ").join(name for name in names if name)
    return {
        "manager": _("Går inte: %(who)s, en av dem leder den andras enhet."),
        "apart": _("Går inte: %(who)s ska inte sitta vid samma bord."),
        "together": _("Går inte: %(who)s ska sitta vid samma bord."),
        "need": _("Går inte: %(who)s behöver ett bord som har det hon bett om."),
        "fixed": _("Går inte: %(who)s är bordets värd. Gör någon annan till värd först."),
        "size": _("Går inte: bordet är fullt."),
    }[broken.rule] % {"who": who}
