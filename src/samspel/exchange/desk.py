"""What the bridge-builder's desk shows: proposals with their reasons, what a change costs, and what nobody can meet."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Q
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from samspel.core import defaults
from samspel.core.languages import SPOKEN
from samspel.exchange import compute_changes, selections
from samspel.exchange.alike import alike
from samspel.exchange.chosen import chosen_now
from samspel.exchange.drawing import Small, small
from samspel.exchange.models import Match, PartOfWeek, Party, Post, Selection, TownQuestion, Transfer, Wish
from samspel.exchange.queries import SHUT_OUT_BY_HAND, category_name, open_posts

PAGE: Final = 6  # proposals in the list at a time
FEW_WAITING: Final = 3
FEW_FITTING: Final = 6
MOST_WAITING: Final = 200
_NAMED: Final = 3  # of those who would wait for a change; of the others the number is told
_WAYS: Final[tuple[compute_changes.Way, ...]] = ("swap", "forbid")
# By the root of a kind of help; the front end's build finds the names here.
ICONS: Final = {
    "carry": "Car",
    "mend": "Wrench",
    "learn": "Language",
    "place": "ChairTable",
    "company": "Coffee",
    "work": "Briefcase",
    "together": "PersonGroup",
}
OTHER_ICON: Final = "HandHeart"


@dataclass(frozen=True)
class Row:
    """A proposal in the list: its size in words and what it is about."""

    match: Match
    label: str
    about: str
    small: Small


@dataclass(frozen=True)
class Step:
    """Somebody in a proposal, in her own words, and what she gives to the next; ``words`` is empty where the gift says
    them."""

    called: str
    words: str
    more: str
    icon: str
    post: Post | None
    gift: Transfer | None
    is_locked: bool
    is_chosen: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Cost:
    """What a change comes to, in words, before it is made."""

    how: str
    met: int
    words: str


@dataclass(frozen=True)
class Opened:
    """The proposal that is looked at."""

    match: Match
    label: str
    lead: str
    steps: tuple[Step, ...]
    why: tuple[str, ...]
    doubt: str
    chosen: Step | None
    costs: tuple[Cost, ...]


@dataclass(frozen=True)
class Waiting:
    """A need that no proposal meets, and the question to the town that was made of it."""

    post: Post
    days: int
    could_be_met: bool
    question: TownQuestion | None


@dataclass(frozen=True)
class Desk:
    """:param proposals: in the list that is shown, the weaker ones when ``is_weaker``, else the others.
    :param others: in the list that is not shown.
    :param met: needs that all proposals meet now; those of the selection that have been asked about since are not
        among them, nor among ``needs``.
    :param weaker_met: needs that weaker proposals meet."""

    selection: Selection | None
    needs: int
    offers: int
    unread: int
    come_since: int
    proposals: int
    others: int
    is_weaker: bool
    met: int
    weaker_met: int
    page: int
    rows: tuple[Row, ...]
    opened: Opened | None
    is_gone: bool
    waiting: tuple[Waiting, ...]
    waits: int
    shut_out: tuple[Wish, ...]

    @property
    def pages(self) -> int:
        return -(-self.proposals // PAGE)


def desk_of(
    *, at: datetime, match_id: int | None = None, place: int | None = None, page: int = 1, weaker: bool = False
) -> Desk:
    """The whole desk: a page of proposals with one of them open, and one of its gifts chosen.

    The page is the one that the open proposal is on, among the weaker ones if it is one. When it is proposed no more,
    or none is named, the first on the page is open. Weaker ones are shown when they are asked for, or alone.

    Cost: at most twelve queries, whatever the number of posts; a chosen gift adds eight and two small searches.
    """
    selection = selections.newest()
    least = defaults.value("exchange.least_alike")
    proposed = selections.proposals_in_order(least)
    lists = {of: [one.match_id for one in proposed if one.is_weaker == of] for of in (False, True)}
    if match_id in lists[True] or match_id in lists[False]:
        weaker = match_id in lists[True]
    elif not lists[weaker]:
        weaker = bool(lists[True])
    order = lists[weaker]
    is_there = match_id in order
    begins = order.index(match_id) if match_id is not None and is_there else (page - 1) * PAGE
    page = min(max(1, begins // PAGE + 1), max(1, -(-len(order) // PAGE)))
    shown = order[(page - 1) * PAGE : page * PAGE]
    matches = sorted(selections.proposals(shown), key=lambda one: shown.index(one.pk))
    counted = open_posts(at).aggregate(
        needs=Count("pk", filter=Q(kind=Post.Kind.NEED)),
        offers=Count("pk", filter=Q(kind=Post.Kind.OFFER)),
        since=Count("pk", filter=Q(read_at__gt=selection.made_at) if selection else Q()),
    )
    here = next((one for one in matches if one.pk == match_id), matches[0] if matches else None)
    waiting = selections.needs_waiting(at)
    return Desk(
        selection,
        counted["needs"],
        counted["offers"],
        Post.objects.filter(read_at=None, expires_at__gt=at).count(),
        counted["since"],
        len(order),
        len(lists[not weaker]),
        weaker,
        sum(one.needs for one in proposed),
        sum(one.needs for one in proposed if one.is_weaker),
        page,
        tuple(_row(one) for one in matches),
        None if here is None else _opened(here, place, least, at),
        match_id is not None and not is_there,
        _waiting(list(waiting[:FEW_WAITING]), selection, at),
        waiting.count(),
        _shut_out(at),
    )


def _shut_out(at: datetime) -> tuple[Wish, ...]:
    """Pairs that a bridge-builder has shut out, of posts that are still there, the latest first."""
    there = Q(offer__expires_at__gt=at, need__expires_at__gt=at, offer__met_at=None, need__met_at=None)
    wishes = Wish.objects.filter(SHUT_OUT_BY_HAND, there).select_related("offer__party", "need__party")
    return tuple(wishes.order_by("-at", "-pk")[:MOST_WAITING])


def proposal_to_ask(match_id: int, at: datetime) -> Opened | None:
    """A proposal as those who are asked would read it; None when it is proposed no more."""
    match = next(iter(selections.proposals([match_id])), None)
    return None if match is None else _opened(match, None, defaults.value("exchange.least_alike"), at)


def all_waiting(at: datetime) -> tuple[Waiting, ...]:
    """Needs that no proposal meets, the longest waiting first."""
    return _waiting(list(selections.needs_waiting(at)[:MOST_WAITING]), selections.newest(), at)


def other_questions(rows: Collection[Waiting]) -> list[TownQuestion]:
    """Open questions to the town whose needs do not wait here: somebody may meet them. One query."""
    shown = [row.question.pk for row in rows if row.question is not None]
    return list(TownQuestion.objects.filter(closed_at=None).exclude(pk__in=shown).order_by("-pk")[:MOST_WAITING])


def label_of(match: Match, needs: int) -> str:
    """«Kedja, fyra behov»."""
    from samspel.ui.templatetags.sam import in_words

    if match.kind == Match.Kind.CHAIN and needs == 1:
        return _("Gåva, ett behov")
    counted = ngettext("ett behov", "%(n)s behov", needs) % {"n": in_words(needs)}
    return f"{match.get_kind_display()}, {counted}"


def icon_of(post: Post | None) -> str:
    return OTHER_ICON if post is None else ICONS.get(post.category.key.partition("/")[0], OTHER_ICON)


def _row(match: Match) -> Row:
    gifts = list(match.transfers.all())
    kinds = dict.fromkeys(category_name(one.offer.category).lower() for one in gifts if one.offer is not None)
    about = ", ".join(list(kinds)[:3])
    return Row(match, match.title or label_of(match, len(gifts)), about, _small(match, len(gifts)))


def _small(match: Match, needs: int) -> Small:
    is_chain = match.kind == Match.Kind.CHAIN
    return small(needs + is_chain, is_closed=not is_chain)


def _opened(match: Match, place: int | None, least: int, at: datetime) -> Opened:
    gifts = list(match.transfers.all())
    locked: set[tuple[int | None, int | None]] = set(
        Wish.objects.filter(kind=Wish.Kind.FIX, offer__in=[one.offer_id for one in gifts]).values_list(
            "offer_id", "need_id"
        )
    )
    steps = []
    if match.kind == Match.Kind.CHAIN and gifts:
        steps.append(_step(gifts[0].offer, gifts[0], place, locked))
    for before, gift in zip(gifts, [*gifts[1:], None if match.kind == Match.Kind.CHAIN else gifts[0]], strict=True):
        steps.append(_step(before.need, gift, place, locked))
    if match.kind != Match.Kind.CHAIN:
        steps = [*steps[-1:], *steps[:-1]]  # whoever gives first stands first
    chosen = next((one for one in steps if one.is_chosen), None)
    return Opened(
        match,
        match.title or label_of(match, len(gifts)),
        _lead(match, steps),
        tuple(steps),
        (*_why(gifts, at), *_few_words(gifts, locked, least)),
        match.doubt,
        chosen,
        () if chosen is None or chosen.gift is None else tuple(_costs(chosen.gift, at)),
    )


def _step(
    post: Post | None, gift: Transfer | None, place: int | None, locked: set[tuple[int | None, int | None]]
) -> Step:
    called = post.party.called if post is not None else ""
    words = post.words if post is not None else ""
    return Step(
        called,
        "" if gift is not None and words.rstrip(" .") == gift.gift else words,
        post.more if post is not None else "",
        icon_of(post),
        post,
        gift,
        gift is not None and (gift.offer_id, gift.need_id) in locked,
        gift is not None and gift.place == place,
        () if gift is None else tuple(_reasons(gift)),
    )


def _lead(match: Match, steps: Sequence[Step]) -> str:
    from samspel.ui.templatetags.sam import in_words

    if match.kind == Match.Kind.CHAIN and steps:
        helped = len(steps) - 1
        words = ngettext("%(who)s bara ger. %(n)s får hjälp.", "%(who)s bara ger. %(n)s får hjälp.", helped)
        return words % {"who": steps[0].called, "n": in_words(helped).capitalize()}
    return _("Alla ger, och alla får hjälp.")


# ---------------------------------------------------------------- who could help whom


@dataclass(frozen=True)
class Fitting:
    """Another's post that fits this one, how well, why, and the proposal that the two are together in."""

    post: Post
    fit: int
    reasons: tuple[str, ...]
    match_id: int | None


def fitting(post: Post, at: datetime) -> tuple[Fitting, ...]:
    """Who could meet a need, or what an offer could meet, the best first. At most five queries."""
    found, least = selections.fitting(post.pk, FEW_FITTING), defaults.value("exchange.least_alike")
    wanted = open_posts(at).filter(pk__in=[pk for pk, *_how in found])
    others = {one.pk: one for one in wanted.select_related("party", "category")}
    proposed = Transfer.objects.filter(Q(offer=post) | Q(need=post), match__state=Match.State.PROPOSED)
    together = {(one.offer_id, one.need_id): one.match_id for one in proposed}
    rows = []
    for pk, fit, how_alike in found:
        if pk in others:
            offer, need = (others[pk], post) if post.kind == Post.Kind.NEED else (post, others[pk])
            doubts = [_("Få ord är gemensamma.")] if how_alike < least else []
            reasons = (*doubts, *_shared(offer, need))
            rows.append(Fitting(others[pk], fit, reasons, together.get((offer.pk, need.pk))))
    return tuple(rows)


# ---------------------------------------------------------------- why it fits


def _reasons(gift: Transfer) -> Iterable[str]:
    """What speaks for one gift, from what the two have said; and what does not."""
    if gift.offer is not None and gift.need is not None:
        yield from _shared(gift.offer, gift.need)


def _shared(offer: Post, need: Post) -> Iterable[str]:
    if offer.category_id == need.category_id:
        yield _("Båda gäller %(kind)s.") % {"kind": category_name(need.category).lower()}
    if offer.area_id is not None and offer.area_id == need.area_id:
        yield _("De finns i samma område.")
    elif offer.area_id is not None and need.area_id is not None:
        yield _("De finns i olika områden.")
    if both := [code for code in need.languages if code in offer.languages]:
        yield _("Båda talar %(language)s.") % {"language": SPOKEN.get(both[0], both[0])}


def _why(gifts: Sequence[Transfer], at: datetime) -> Iterable[str]:
    """What they all have in common, and who has waited longest."""
    posts = {post.pk: post for one in gifts for post in (one.offer, one.need) if post is not None}
    said_when = {post.party_id for post in posts.values() if post.times}
    common = set.intersection(*(set(post.times) for post in posts.values() if post.times)) if said_when else set()
    if len(said_when) > 1 and common:
        have_all = said_when == {post.party_id for post in posts.values()}
        sentence = _("Alla kan på %(times)s.") if have_all else _("De som har sagt när kan på %(times)s.")
        yield sentence % {"times": _listed([str(part.label).lower() for part in PartOfWeek if part in common])}
    areas = {post.area_id for post in posts.values() if post.area_id is not None}
    if len(areas) == 1 and len([post for post in posts.values() if post.area_id is not None]) > 1:
        yield _("De som har sagt var finns i samma område.")
    needs = [one.need for one in gifts if one.need is not None]
    if needs:
        longest = min(needs, key=lambda post: post.posted_at)
        days = (at - longest.posted_at).days
        waited = ngettext("%(n)s dag", "%(n)s dagar", days) % {"n": days}
        yield _("Längst väntan: %(who)s, %(days)s.") % {"who": longest.party.called, "days": waited}
    weakest = min(gifts, key=lambda one: one.fit, default=None)
    if weakest is not None:
        yield _("Svagast passar ”%(gift)s”: %(fit)s av 100.") % {"gift": weakest.gift, "fit": weakest.fit}


def _few_words(
    gifts: Sequence[Transfer], locked: Collection[tuple[int | None, int | None]], least: int
) -> Iterable[str]:
    """Gifts that are hardly like their needs, but for those that a bridge-builder has locked."""
    for gift in gifts:
        if (gift.offer_id, gift.need_id) not in locked and alike(gift.parts) < least:
            yield _("”%(gift)s” har få ord gemensamma med behovet. Läs båda innan du frågar.") % {"gift": gift.gift}


def _listed(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return _("%(first)s och %(last)s") % {"first": ", ".join(words[:-1]), "last": words[-1]}


# ---------------------------------------------------------------- what a change costs


def _costs(gift: Transfer, at: datetime) -> Iterable[Cost]:
    chosen = chosen_now(at)
    if chosen is None or gift.offer_id is None or gift.need_id is None:
        return
    now = sum(one.needs_met for one in chosen.solution.selected)
    yield Cost("fix", now, _("möts ändå."))
    for how in _WAYS:
        price = compute_changes.price(chosen, gift.offer_id, gift.need_id, how)
        if price is not None:
            yield Cost(how, price.met, _waits(price))


def _waits(price: compute_changes.Price) -> str:
    """Who would wait, by what they are called."""
    names = list(
        Party.objects.filter(posts__in=price.waiting).order_by("posts__posted_at").values_list("called", flat=True)
    )
    if not names:
        return _("möts, ingen behöver vänta.")
    listed = [f"”{name}”" if get_language() != "en" else f"“{name}”" for name in names[:_NAMED]]
    if more := len(names) - len(listed):
        listed.append(_("%(n)s till") % {"n": more})
    words = ngettext("möts, %(who)s väntar.", "möts, %(who)s väntar.", len(names))
    return words % {"who": _listed(listed)}


def _waiting(posts: Sequence[Post], selection: Selection | None, at: datetime) -> tuple[Waiting, ...]:
    could = selections.could_be_met(selection) if selection is not None else set()
    asked = {one.need_id: one for one in TownQuestion.objects.filter(need__in=posts, closed_at=None).order_by("pk")}
    return tuple(
        Waiting(post, (at - post.posted_at) // timedelta(days=1), post.pk in could, asked.get(post.pk))
        for post in posts
    )
