"""A unit's own picture of its meetings: questions and their answers, each with how sure it is.

Made of :class:`Facts` alone, so that every answer can be tried without a store.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspel.encounters.compute_signals import Found, words_of_change
from samspel.encounters.models import Side
from samspel.encounters.unit_facts import Deed, Factors, Facts, Mentions, Pairs, Word
from samspel.encounters.weeks import Between, Drawing, Drawn, Week, between, draw, monday_of, week_number
from samspel.engine.inference import (
    Interval,
    clustered_share,
    shrink_shares,
    smallest_gap,
    smallest_seen,
    wilson,
)
from samspel.ui.templatetags.sam import in_words

# What a unit did is looked at once, when so many weeks have gone.
TRIED_WEEKS = 4
# With fewer shown weeks than this nobody can say that nothing has changed.
WEEKS_TO_TELL = 6
# With fewer answers than this a unit is steadied, if there are so many others with the same service.
FEW_ANSWERS, PEERS_LEAST = 100, 3
# Pairs that are hidden may be so large a part of those that are shown.
HIDDEN_MOST = 0.1
# Limits that hold 95 times of 100.
LIMIT = 1.96


# ---------------------------------------------------------------- the page


@dataclass(frozen=True)
class Answer:
    """A question's answer in one sentence, and what more there is to say."""

    title: str
    words: str = ""


@dataclass(frozen=True)
class WeekRow:
    """A week of the table: both sides."""

    number: int
    monday: date
    them: Week
    us: Week


@dataclass(frozen=True)
class Bar:
    """A share with the lengths of its bar and of its uncertainty, in per cent of the longest."""

    between: Between
    length: str
    low: str
    high: str


@dataclass(frozen=True)
class FactorRow:
    """A factor with both sides' bars; None is hidden."""

    name: str
    them: Bar | None
    us: Bar | None


@dataclass(frozen=True)
class Part:
    """How many meetings the sides saw so; None is hidden."""

    name: str
    count: int | None


@dataclass(frozen=True)
class Picture:
    """The page: each answer, and what it stands on."""

    first: int
    last: int
    changed: Answer
    drawing: Drawing
    describes: str
    caption: str
    rows: tuple[WeekRow, ...]
    steadied: str
    deed: Deed | None
    tried: Answer | None
    alike: Answer
    alike_between: Between | None
    parts: tuple[Part, ...]
    pairs: int
    why: Answer
    counted_from: int
    helped: tuple[FactorRow, ...]
    hindered: tuple[FactorRow, ...]
    words: tuple[Word, ...]
    texts: int


def picture_of(facts: Facts) -> Picture:
    """What the page says of these facts."""
    them, us = (_side(facts, side) for side in (Side.RESIDENT, Side.STAFF))
    drawing = draw([them.drawn, us.drawn])
    pairs, alike = facts.pairs, _alike_share(facts.pairs)
    return Picture(
        first=drawing.first,
        last=drawing.last,
        changed=_changed(facts, them),
        drawing=drawing,
        describes=_described([them, us]),
        caption=_caption(them if them.now or not us.now else us, facts.least),
        rows=tuple(
            WeekRow(a.number, a.monday, a, b)
            for a, b in zip(facts.weeks[Side.RESIDENT], facts.weeks[Side.STAFF], strict=True)
        ),
        steadied=_steadied(facts),
        deed=facts.deed,
        tried=None if facts.deed is None else _tried(facts, facts.deed),
        alike=_alike(pairs),
        alike_between=None if alike is None else between(alike),
        parts=(
            Part(_("Lika"), pairs.alike),
            Part(_("Vi nöjdare"), pairs.staff_better),
            Part(_("Besökaren nöjdare"), pairs.resident_better),
        ),
        pairs=pairs.n or 0,
        why=_why(facts.factors, facts.least),
        counted_from=week_number(facts.counted_from),
        helped=_rows(facts.factors, facts.factors.helped),
        hindered=_rows(facts.factors, facts.factors.hindered),
        words=tuple(facts.words),
        texts=facts.texts,
    )


# ---------------------------------------------------------------- both sides' levels


@dataclass(frozen=True)
class Counted:
    """A shown week's counts."""

    monday: date
    n: int
    good: int


def shown_of(weeks: Iterable[Week]) -> list[Counted]:
    """The weeks that are shown. What is computed of these says no more than they do."""
    return [
        Counted(week.monday, week.figure.n, week.figure.good)
        for week in weeks
        if week.figure.n is not None and week.figure.good is not None
    ]


@dataclass(frozen=True)
class _Side:
    """A side's weeks, and where its level lies now; None when no week is shown."""

    side: Side
    drawn: Drawn
    change: Found | None
    now: Interval | None
    n: int

    @property
    def shown(self) -> list[Counted]:
        return shown_of(self.drawn.weeks)


def _side(facts: Facts, side: Side) -> _Side:
    change = next((one for one in facts.changes if one.side == side), None)
    weeks = facts.weeks[side]
    if change is not None:
        drawn = Drawn(side, weeks, change.before.estimate, change.since, change.after.estimate)
        return _Side(side, drawn, change, change.after, change.n_after)
    shown = shown_of(weeks)
    if not shown:
        return _Side(side, Drawn(side, weeks), None, None, 0)
    level, _variance = _share(shown)
    return _Side(side, Drawn(side, weeks, level.estimate), None, level, sum(week.n for week in shown))


def _share(weeks: Sequence[Counted]) -> tuple[Interval, float]:
    """The share over some weeks and its variance, when answers of a week hang together."""
    return clustered_share([week.good for week in weeks], [week.n for week in weeks])


def _described(sides: Iterable[_Side]) -> str:
    """The drawing in words, for one who does not see it."""
    return " ".join(f"{name}: {text}" for name, text in ((_who(one.side), _level_in_words(one)) for one in sides))


def _who(side: Side) -> str:
    return _("Besökare") if side == Side.RESIDENT else _("Vi som tog emot")


def _level_in_words(one: _Side) -> str:
    if one.now is None:
        return _("för få svar.")
    now = between(one.now)
    told = {"percent": now.percent, "low": now.low, "high": now.high}
    if one.change is None:
        return _("%(percent)s av 100 hela tiden, troligen mellan %(low)s och %(high)s.") % told
    told |= {"before": round(one.change.before.estimate * 100), "week": week_number(one.change.since)}
    return _("%(before)s av 100 till vecka %(week)s, sedan %(percent)s, troligen mellan %(low)s och %(high)s.") % told


def _caption(one: _Side, least: int) -> str:
    if one.now is None:
        return _("Veckor med färre än %(least)s svar visas inte. Där står det ..") % {"least": in_words(least)}
    now = between(one.now)
    sure = _(
        "Bandet är osäkerheten: %(percent)s är troligen mellan %(low)s och %(high)s, av %(n)s svar. "
        "Vi varnar i onödan högst en gång av tjugo, hur ofta ni än tittar."
    )
    return sure % {"percent": now.percent, "low": now.low, "high": now.high, "n": one.n}


# ---------------------------------------------------------------- has anything changed


def _changed(facts: Facts, them: _Side) -> Answer:
    if facts.changes:
        told = (words_of_change(one.side, one, week_number(one.since)) for one in facts.changes)
        return Answer(" ".join([_("Ja."), *told]))
    shown = them.shown
    if not shown:
        needed = _("Det behövs veckor med minst %(least)s svar från besökare.") % {"least": in_words(facts.least)}
        return Answer(_("Det går inte att säga än."), needed)
    a_week = them.n / len(shown)
    if len(shown) < WEEKS_TO_TELL:
        first = them.drawn.weeks[-1].monday + timedelta(weeks=WEEKS_TO_TELL - len(shown) + TRIED_WEEKS)
        gap = smallest_seen(_variance(shown, a_week * WEEKS_TO_TELL, a_week * TRIED_WEEKS))
        return Answer(_("Det går inte att säga än."), _seen_from(first, gap))
    gap = smallest_seen(_variance(shown, a_week * (len(shown) - TRIED_WEEKS), a_week * TRIED_WEEKS))
    return Answer(_("Nej, inte så att det syns."), _would_have_seen(gap))


def _variance(weeks: Sequence[Counted], before: float, after: float) -> float:
    """Of a difference between so many answers before and after, when weeks differ as these do."""
    _level, variance = _share(weeks)
    one = variance * sum(week.n for week in weeks)
    return one / before + one / after


def _seen_from(day: date, gap: float) -> str:
    return _(
        "Vecka %(week)s kan vi se en skillnad på %(gap)s av 100 eller mer. En mindre skillnad hinner vi inte se."
    ) % {"week": week_number(day), "gap": _hundredths(gap)}


def _would_have_seen(gap: float) -> str:
    return _("En skillnad på %(gap)s av 100 eller mer hade vi troligen sett.") % {"gap": _hundredths(gap)}


def _hundredths(gap: float) -> int:
    """Upwards: what is promised to be seen is never smaller than what can be."""
    return min(100, math.ceil(gap * 100))


def _steadied(facts: Facts) -> str:
    """A small unit's level, drawn towards units with the same service."""
    weeks = shown_of(facts.weeks[Side.RESIDENT])
    if not 0 < sum(week.n for week in weeks) < FEW_ANSWERS or len(facts.peers) < PEERS_LEAST:
        return ""
    told = between(steadied_share(weeks, facts.peers))
    return _(
        "Ni har få svar. Räknar vi in vad andra enheter med samma tjänst brukar få är ert värde "
        "troligen mellan %(low)s och %(high)s av 100, närmast %(percent)s."
    ) % {"low": told.low, "high": told.high, "percent": told.percent}


def steadied_share(weeks: Sequence[Counted], peers: Sequence[tuple[int, int]]) -> Interval:
    """A unit's share drawn towards its peers'; the less it is worth the more its weeks differ."""
    n, good = sum(week.n for week in weeks), sum(week.good for week in weeks)
    (_level, variance), (_level, as_if_independent) = _share(weeks), clustered_share([good], [n])
    return shrink_shares([(good, n), *peers], wider=[variance / as_if_independent, *[1.0] * len(peers)])[0]


# ---------------------------------------------------------------- what we did


def _tried(facts: Facts, deed: Deed) -> Answer:
    """Whether what the unit did can be noticed: looked at once, when the weeks for it have gone."""
    shown = shown_of(facts.weeks[Side.RESIDENT])
    begins = monday_of(deed.told_on) + timedelta(weeks=1)
    ends = begins + timedelta(weeks=TRIED_WEEKS)
    before = [week for week in shown if week.monday < begins - timedelta(weeks=1)]
    after = [week for week in shown if begins <= week.monday < ends]
    if not before:
        return Answer(_("Det går inte att säga."), _("Det finns för få svar från tiden innan."))
    n_before, n_after = (sum(week.n for week in weeks) for weeks in (before, after))
    gone = max(0, (facts.weeks[Side.RESIDENT][-1].monday + timedelta(weeks=1) - begins).days // 7)
    if gone < TRIED_WEEKS:
        gap = smallest_gap(_variance(shown, n_before, n_before / len(before) * TRIED_WEEKS))
        return Answer(_("Det går inte att säga än."), f"{_weeks_gone(gone)} {_seen_from(ends, gap)}")
    if not after:
        return Answer(_("Det går inte att säga."), _("Det finns för få svar från tiden efter."))
    variance = _variance(shown, n_before, n_after)
    moved = _share(after)[0].estimate - _share(before)[0].estimate
    least, most = (max(0, round((abs(moved) + sign * LIMIT * variance**0.5) * 100)) for sign in (-1, 1))
    if not least:
        return Answer(_("Det syns ingen skillnad."), _would_have_seen(smallest_gap(variance)))
    if moved > 0:
        title, words = _("Ja. Fler säger att mötet var bra."), _("Mellan %(low)s och %(high)s av 100 fler än innan.")
    else:
        title, words = _("Nej. Färre säger att mötet var bra."), _("Mellan %(low)s och %(high)s av 100 färre än innan.")
    told = words % {"low": least, "high": most}
    return Answer(title, " ".join([told, _("Annat kan också ha ändrats under tiden.")]))


def _weeks_gone(gone: int) -> str:
    told = ngettext("%(gone)s vecka av %(of)s har gått.", "%(gone)s veckor av %(of)s har gått.", gone)
    return told % {"gone": capfirst(in_words(gone)), "of": in_words(TRIED_WEEKS)}


# ---------------------------------------------------------------- do both see the same meeting


def _alike_share(pairs: Pairs) -> Interval | None:
    """Of all meetings, with what the hidden ones could change; None where they could change much."""
    if pairs.alike is None or not pairs.n or pairs.hidden > HIDDEN_MOST * pairs.n:
        return None
    shown, all_others = wilson(pairs.alike, pairs.n), wilson(pairs.alike, pairs.n + pairs.hidden)
    return Interval(shown.estimate, all_others.low, shown.high, shown.level)


def _alike(pairs: Pairs) -> Answer:
    share = _alike_share(pairs)
    if share is None:
        return Answer(_("Det går inte att säga än."), _("Det behövs fler möten som båda sidor har berättat om."))
    how_often = _("Ofta.") if share.low > 0.5 else _("Sällan.") if share.high < 0.5 else _("Ibland.")
    exactly, about = _("Lika svar i %(alike)s av %(n)s möten."), _("Lika svar i %(alike)s av ungefär %(n)s möten.")
    count = (about if pairs.hidden else exactly) % {"alike": pairs.alike, "n": pairs.n}
    return Answer(f"{how_often} {count}")


# ---------------------------------------------------------------- what helped, and what was in the way


def _why(factors: Factors, least: int) -> Answer:
    """What each side names most of what was in the way; two that chance could turn around are both named."""
    if factors.them is None and factors.us is None:
        return Answer(
            _("Det går inte att säga än."), _("Det behövs minst %(least)s svar.") % {"least": in_words(least)}
        )
    them = _most_named((row.factor, row.them) for row in factors.hindered)
    us = _most_named((row.factor, row.us) for row in factors.hindered)
    if them and them == us:
        return Answer(_("Båda sidor nämner %(factor)s.") % {"factor": _listed(them)})
    sentences = [
        sentence % {"factor": _listed(names)}
        for sentence, names in ((_("Besökarna nämner %(factor)s."), them), (_("Vi nämner %(factor)s."), us))
        if names
    ]
    return Answer(" ".join(sentences) or _("Ingenting sticker ut."))


def _most_named(rows: Iterable[tuple[str, int | None]]) -> list[str]:
    """Empty when more than two share the first place."""
    counted = sorted(((count, name) for name, count in rows if count), key=lambda row: (-row[0], row[1]))
    if not counted:
        return []
    most = counted[0][0]
    # As many one way as the other is a coin thrown for each answer that named just one of them.
    near = [name for count, name in counted if most - count <= LIMIT * (most + count) ** 0.5]
    return near if len(near) <= 2 else []


def _listed(names: Sequence[str]) -> str:
    lower = [name[:1].lower() + name[1:] for name in names]
    return lower[0] if len(lower) == 1 else _("%(one)s och %(other)s") % {"one": lower[0], "other": lower[1]}


def _rows(factors: Factors, mentions: Sequence[Mentions]) -> tuple[FactorRow, ...]:
    """Factors with bars; all bars of the page are measured against the same longest one."""
    most = max(
        (
            share.high
            for row in (*factors.helped, *factors.hindered)
            for share in (_mentioned(row.them, factors.them), _mentioned(row.us, factors.us))
            if share is not None
        ),
        default=1.0,
    )
    return tuple(
        FactorRow(
            row.factor,
            _bar(_mentioned(row.them, factors.them), most),
            _bar(_mentioned(row.us, factors.us), most),
        )
        for row in mentions
        if row.them or row.us
    )


def _mentioned(count: int | None, n: int | None) -> Interval | None:
    return None if count is None or not n else wilson(count, n)


def _bar(share: Interval | None, most: float) -> Bar | None:
    if share is None:
        return None
    length, low, high = (f"{end / most * 100:.2f}%" for end in (share.estimate, share.low, share.high))
    return Bar(between(share), length, low, high)
