"""Reading what the forms of giving and getting send, and what there is to choose from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from samspel.core.forms import date_in, number_in
from samspel.core.languages import spoken_choices
from samspel.core.numbers import number_of
from samspel.encounters.queries import areas
from samspel.exchange.actions.asking import Wording
from samspel.exchange.actions.posting import LONGEST, PostDraft
from samspel.exchange.hints import Hint, Kind, hint_for, kinds_kept, looks_like_a_name, mark_of
from samspel.exchange.models import Category, Mark, PartOfWeek, Party, Post, Transfer
from samspel.exchange.queries import categories, category_name


def draft_in(request: HttpRequest, kind: str) -> PostDraft:
    """What the form of a need or an offer sent."""
    said = request.POST
    who, _colon, unit = said.get("who", Party.Kind.RESIDENT).partition(":")
    return PostDraft(
        kind=kind,
        words=said.get("words", ""),
        more=said.get("more", ""),
        called=said.get("called", ""),
        category_id=number_in(request, "category"),
        area_id=number_in(request, "area"),
        times=tuple(said.getlist("times")),
        begins_on=date_in(request, "from"),
        ends_on=date_in(request, "to"),
        marks=tuple(said.getlist("marks")),
        languages=tuple(said.getlist("languages")),
        who=who,
        unit_id=number_of(unit, 9),
        mail=said.get("mail", ""),
        is_adult="adult" in said,
        key=said.get("key", ""),
    )


def wording_in(request: HttpRequest) -> Wording:
    """What a bridge-builder sent of a match's words."""
    said = request.POST
    gifts = {name.removeprefix("gift-"): said.get(name, "") for name in said if name.startswith("gift-")}
    return Wording(
        {int(place): words for place, words in gifts.items() if place.isdecimal() and len(place) < 4},
        said.get("title", ""),
        said.get("until", ""),
        said.get("doubt"),
    )


@dataclass(frozen=True)
class GiftTyped:
    """A gift in the form of a match's words: whose it is, the words as they stand or were just typed, and what is wrong
    with them. ``giver`` is empty where nobody has been asked yet and the page knows no roles."""

    transfer: Transfer
    giver: str
    taker: str
    words: str
    wrong: str


def gifts_typed(
    request: HttpRequest,
    transfers: Iterable[Transfer],
    fields: Mapping[str, str],
    *,
    called: Mapping[int, tuple[str, str]],
) -> list[GiftTyped]:
    """:param called: who gives to whom, by the gift's place."""
    names = [(one, f"gift-{one.place}") for one in transfers]
    return [
        GiftTyped(one, *called.get(one.place, ("", "")), request.POST.get(name, one.gift), fields.get(name, ""))
        for one, name in names
    ]


def draft_of(post: Post) -> PostDraft:
    """The form as the post fills it in."""
    return PostDraft(
        kind=post.kind,
        words=post.words,
        more=post.more,
        called=post.party.called,
        category_id=post.category_id,
        area_id=post.area_id,
        times=tuple(post.times),
        begins_on=post.begins_on,
        ends_on=post.ends_on,
        marks=tuple(post.marks),
        languages=tuple(post.languages),
        is_adult=True,
    )


# ---------------------------------------------------------------- hints


@dataclass(frozen=True)
class FieldHint:
    """A hint under a field, in the reader's language; ``shorter`` is a text that would do, if there is one."""

    kind: Kind
    sentence: str
    shorter: str


@dataclass(frozen=True)
class Said:
    """One of the three plain fields: its text, the hint about it, and the marks of the hints before which she keeps it
    all the same."""

    name: str
    text: str
    hint: FieldHint | None
    kept: tuple[str, ...] = ()


FIELDS = ("words", "more", "called")


@dataclass(frozen=True)
class Reviewed:
    """A draft as it is after what she answered to a hint, with the hints that are left."""

    draft: PostDraft
    said: dict[str, Said]

    @property
    def has_hints(self) -> bool:
        return any(one.hint for one in self.said.values())


def reviewed(request: HttpRequest, draft: PostDraft) -> Reviewed:
    """What is sent with ``hint`` answers a hint: ``swap-words`` takes its shorter text, ``keep-words`` keeps hers."""
    verb, _dash, name = request.POST.get("hint", "").partition("-")
    kept = set(request.POST.getlist("kept"))
    hint = _said(name, draft, kept).hint if name in FIELDS else None
    if hint and verb == "swap" and hint.shorter:
        draft = _with(draft, name, hint.shorter)
    elif hint and verb == "keep":  # the next kind is asked about then
        kept.add(mark_of(getattr(draft, name), hint.kind))
    return Reviewed(draft, {each: _said(each, draft, kept) for each in FIELDS})


def _with(draft: PostDraft, name: str, text: str) -> PostDraft:
    changes: dict[str, Any] = {name: text}
    return replace(draft, **changes)


def unhinted(draft: PostDraft) -> Reviewed:
    """The fields as they are when nothing has been sent."""
    return Reviewed(draft, {name: Said(name, getattr(draft, name), None) for name in FIELDS})


def _said(name: str, draft: PostDraft, kept: set[str]) -> Said:
    text: str = getattr(draft, name)
    if len(text) > LONGEST:  # she is told to make it shorter, and asked about what is left
        return Said(name, text, None)
    known = kinds_kept(text, kept)
    return Said(name, text, _hint(name, draft, known), tuple(mark_of(text, kind) for kind in known))


def _hint(name: str, draft: PostDraft, known: tuple[Kind, ...]) -> FieldHint | None:
    text: str = getattr(draft, name)
    if name == "called":
        sentence = _("Det här kan vara ditt namn. Hitta på något annat, till exempel: Grannen med bilen.")
        return FieldHint("name", sentence, "") if "name" not in known and looks_like_a_name(text) else None
    hint = hint_for(text, known=(*known, "child") if Mark.CHILD in draft.marks else known)
    return FieldHint(hint.kind, _sentence(hint), hint.shorter) if hint else None


def _sentence(hint: Hint) -> str:
    about = {
        "health": _("Det här kan handla om din hälsa. Du behöver inte berätta varför."),
        "benefit": _("Det här kan handla om din ersättning. Du behöver inte berätta varför."),
        "child": _("Det här kan handla om ett barn. Skriv inte vem. Brobyggaren träffar dig först."),
        "name": _("Det här kan vara ett namn. Ni får veta vilka ni är när alla har sagt ja."),
        "number": _(
            "Det här kan vara ett nummer eller en adress. Hur ni når varandra får ni veta när alla har sagt ja."
        ),
    }[hint.kind]
    return f"{about} {_('Det här räcker:')}" if hint.shorter else f"{about} {_('Skriv gärna om.')}"


# ---------------------------------------------------------------- to choose from


@dataclass(frozen=True)
class Choice:
    value: str
    name: str
    is_chosen: bool


@dataclass(frozen=True)
class CategoryGroup:
    """A kind of help with its own kinds; the first choice is the kind itself."""

    name: str
    choices: tuple[Choice, ...]


def choices_for(draft: PostDraft) -> dict[str, Any]:
    """All that the form of a post has to choose from, with what is chosen."""
    return {
        "groups": category_groups(draft.category_id),
        "areas": [Choice(str(area.pk), area.name, area.pk == draft.area_id) for area in areas()],
        "times": _chosen(PartOfWeek.choices, draft.times),
        "marks": _chosen(Mark.choices, draft.marks),
        "spoken": _chosen(spoken_choices(), draft.languages),
    }


def other_kind() -> int | None:
    """The kind of help that is chosen until somebody chooses another; the bridge-builder says what it is."""
    return next((one.pk for one in categories() if one.key == "other"), None)


def category_groups(chosen: int | None) -> list[CategoryGroup]:
    """The tree as a list of groups. One query."""
    open_ones = categories()
    tops = [one for one in open_ones if one.parent_id is None]
    return [CategoryGroup(category_name(top), _group(top, open_ones, chosen)) for top in tops]


def _group(top: Category, open_ones: Sequence[Category], chosen: int | None) -> tuple[Choice, ...]:
    below = [one for one in open_ones if one.parent_id == top.pk]
    return tuple(Choice(str(one.pk), category_name(one), one.pk == chosen) for one in (top, *below))


def _chosen(choices: Sequence[tuple[Any, Any]], chosen: Sequence[str]) -> list[Choice]:
    return [Choice(str(value), str(name), value in chosen) for value, name in choices]
