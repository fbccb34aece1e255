"""What the plan page and the list of dialogues show."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspel.core.actor import Actor
from samspel.core.languages import spoken
from samspel.core.permissions import may
from samspel.dialogues.access import roles_in_dialogue, seating_now
from samspel.dialogues.actions.planning import (
    GROUP_LEAST,
    GROUP_MOST,
    QUESTIONS_MOST,
    grows_from_of,
    possible_leaders,
    rounds_of,
    what_is_missing,
)
from samspel.dialogues.letters import grouped
from samspel.dialogues.models import (
    Agreement,
    Dialogue,
    Invitation,
    Placement,
    PlannedPlace,
    Seat,
    State,
    Step,
    Template,
)
from samspel.dialogues.queries import agreements_to_open_with
from samspel.dialogues.threads import unit_threads
from samspel.encounters.queries import signals_of
from samspel.people.access import roles_in_each
from samspel.people.queries import Branch, name_key, unit_tree, units_of, units_to_lead
from samspel.ui.templatetags.sam import in_language, in_words

# More than this has not been tried in a room; the page says so and lets it be.
PEOPLE_TRIED = 60
TABLES_TRIED = 15


# ---------------------------------------------------------------- the timed plan


@dataclass(frozen=True)
class PlanStep:
    """A step with its clock times."""

    step: Step
    number: str
    title: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    is_open: bool

    @property
    def name(self) -> str:
        return f"{self.number} {self.title}".strip()

    @property
    def length(self) -> str:
        return length_of(self.step.minutes)

    @property
    def is_shortest(self) -> bool:
        return self.step.minutes <= 1

    @property
    def shorter(self) -> str:
        """What minus does, said aloud."""
        stride = stride_of(self.step.minutes - 1)
        return ngettext("En minut kortare: %(step)s", "%(n)s minuter kortare: %(step)s", stride) % {
            "n": stride,
            "step": self.title,
        }

    @property
    def longer(self) -> str:
        stride = stride_of(self.step.minutes)
        return ngettext("En minut längre: %(step)s", "%(n)s minuter längre: %(step)s", stride) % {
            "n": stride,
            "step": self.title,
        }


NUMBER_OF = {"solo": "1.", "small": "2.", "objections": "2.", "choose": "2.", "whole": "3.", "ballot": "3."}


def length_of(minutes: int) -> str:
    """«12 min», «2 tim», «11 tim 45 min»."""
    if minutes < 120:
        return _("%(n)s min") % {"n": minutes}
    hours, rest = divmod(minutes, 60)
    text = _("%(n)s tim") % {"n": hours}
    return f"{text} {_('%(n)s min') % {'n': rest}}" if rest else text


def stride_of(minutes: int) -> int:
    """How much longer or shorter one press makes a step."""
    if minutes >= 180:
        return 60
    if minutes >= 60:
        return 15
    return 5 if minutes >= 30 else 1


def timed_plan(dialogue: Dialogue, opened: int | None) -> list[PlanStep]:
    """The steps with their clock times; ``opened`` is the one that is unfolded."""
    at = dialogue.starts_at
    found = []
    steps = list(dialogue.steps.all())
    for step in steps:
        ends_at = at + timedelta(minutes=step.minutes)
        found.append(
            PlanStep(
                step,
                NUMBER_OF.get(step.kind, ""),
                in_language(step.title) or step.get_kind_display(),
                in_language(step.reason),
                at,
                ends_at,
                step.pk == opened,
            )
        )
        at = ends_at
    return found


# ---------------------------------------------------------------- who


@dataclass(frozen=True)
class Source:
    """A unit or a list that people came by; ``key`` is how the rows name it."""

    key: str
    name: str
    people: int
    units: int
    is_file: bool


def sources_of(invitations: Iterable[Invitation]) -> list[Source]:
    people: Counter[str] = Counter()
    units: dict[str, set[str]] = defaultdict(set)
    for invitation in invitations:
        people[invitation.source] += 1
        units[invitation.source].add(invitation.unit)
    return [
        Source(name, name or _("Tillagda för hand"), count, len(units[name] - {""}), "." in name[-6:])
        for name, count in people.items()
    ]


# ---------------------------------------------------------------- how one sits


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    is_own: bool


@dataclass(frozen=True)
class DrawnTable:
    """A table in the drawing, with what it shows in words."""

    name: str
    x: int
    y: int
    people: int
    own: int
    dots: tuple[Dot, ...]

    @property
    def text_y(self) -> int:
        """The number's base line, a little under the middle."""
        return self.y + 6

    @property
    def in_words(self) -> str:
        return _("%(table)s: %(people)s, varav %(own)s från er") % {
            "table": self.name,
            "people": ngettext("%(n)s person", "%(n)s personer", self.people) % {"n": self.people},
            "own": self.own,
        }


ACROSS, CELL, HEIGHT, RING = 5, 104, 96, 35


@dataclass(frozen=True)
class Drawing:
    """The first seating's tables, ready to draw."""

    tables: tuple[DrawnTable, ...]
    width: int
    height: int


def drawing_of(dialogue: Dialogue) -> Drawing:
    """Tables with a dot for everyone: filled for the own unit, rings for others. Empty tables where seating is off.

    When the meeting has begun: those who sit there, not those who were thought to.
    """
    at_table: dict[int, list[bool]] = defaultdict(list)
    rows: Iterable[tuple[int, str]]
    if dialogue.state in {State.DRAFT, State.PLANNED}:
        planned = PlannedPlace.objects.filter(invitation__dialogue=dialogue, seating=1).order_by("pk")
        rows = planned.values_list("table_id", "invitation__unit")
    else:
        seated = Placement.objects.filter(table__dialogue=dialogue, seating=seating_now(dialogue), seat__left_at=None)
        rows = seated.order_by("pk").values_list("table_id", "seat__unit")
    for table_id, unit in rows:
        at_table[table_id].append(unit == dialogue.unit.name)
    tables = list(dialogue.tables.all())
    found = []
    for index, table in enumerate(tables):
        x, y = CELL * (index % ACROSS) + CELL // 2, HEIGHT * (index // ACROSS) + HEIGHT // 2
        people = _mixed(at_table[table.pk])
        dots = []
        for place, is_own in enumerate(people):
            angle = 2 * math.pi * place / len(people) - math.pi / 2
            dots.append(Dot(round(x + RING * math.cos(angle), 1), round(y + RING * math.sin(angle), 1), is_own))
        found.append(DrawnTable(table.name, x, y, len(people), sum(people), tuple(dots)))
    rows_down = max(1, math.ceil(len(tables) / ACROSS))
    return Drawing(tuple(found), ACROSS * CELL, rows_down * HEIGHT)


def _mixed(people: list[bool]) -> list[bool]:
    """The same people with the own unit's spread around the table, as they may sit."""
    own, others = sum(people), len(people) - sum(people)
    if not own or not others:
        return people
    total = own + others
    places = {round(index * total / own) % total for index in range(own)}
    return [place in places for place in range(total)] if len(places) == own else sorted(people, reverse=True)


@dataclass(frozen=True)
class SeatingWords:
    """What the seating gives, in a sentence, and what could not be kept."""

    gives: str
    mixed: str
    manager: str
    hosts: str
    problems: tuple[str, ...]


def seating_words(dialogue: Dialogue) -> SeatingWords | None:
    """The stored explanation in the reader's language; None where nobody is seated."""
    told = dialogue.seating_told
    if not told:
        return None
    new, units = int(told["new"]), int(told["units"])
    parts = [ngettext("%(n)s nytt möte", "%(n)s nya möten", new) % {"n": new}]
    if units > 1:
        parts.append(_("%(units)s enheter möts") % {"units": in_words(units) if units < 10 else units})
    elif not new:
        parts = [_("Alla kommer från samma enhet")]
    # At the only table there is one thing to say of it, however many work for whoever manages them.
    broken = [row for row in told["broken"] if (row["rule"], row["reason"]) != ("manager", "one-table")]
    manager = ""
    if len(broken) < len(told["broken"]):
        manager = _("Vid ett enda bord sitter den som är chef med sina egna. Lägg till ett bord om ni vill dela på er.")
    elif told["has_managers"] and not any(row["rule"] == "manager" for row in broken):
        manager = _("Ingen sitter med sin chef.")
    ids = {person for row in broken for person in row["people"]}
    people = {row.pk: row for row in Invitation.objects.filter(dialogue=dialogue, pk__in=ids)}
    problems = dict.fromkeys(
        _problem(
            row["rule"],
            row["reason"],
            [people[pk].name for pk in row["people"] if pk in people],
            needs_interpreter=all("accessible" not in people[pk].needs for pk in row["people"] if pk in people),
        )
        for row in broken
    )
    hosts = _("En värd stannar vid varje bord.") if told.get("hosts") else ""
    mixed = _mixed_words(told) if new or units > 1 else ""
    return SeatingWords(f"{', '.join(parts)}.", mixed, manager, hosts, tuple(problems))


def _mixed_words(told: Mapping[str, Any]) -> str:
    """How far from the best there can be, as far as it is proven; empty where it was not counted."""
    if "colleagues" not in told:
        return ""
    pairs, least = int(told["colleagues"]), int(told["least_colleagues"])
    if told["is_best"]:
        return _("Bättre blandat går det inte.")
    if pairs <= least:
        return _("Färre från samma enhet kan inte sitta ihop.")
    together = ngettext(
        "%(n)s gång sitter två från samma enhet ihop.", "%(n)s gånger sitter två från samma enhet ihop.", pairs
    ) % {"n": pairs}
    return f"{together} {_('Färre än %(least)s går inte.') % {'least': least}}" if least else together


def _problem(rule: str, reason: str, names: list[str], *, needs_interpreter: bool) -> str:
    if rule == "need" and needs_interpreter:
        who = _(" och ").join(names)
        return _("%(who)s får inte plats vid bordet med tolk. Gör bordet större, eller sätt en tolk vid ett till.") % {
            "who": who
        }
    who = _(" och ").join(name for name in names if name)
    what = {
        "manager": _("%(who)s hamnar vid samma bord, fast en av dem leder den andras enhet."),
        "apart": _("%(who)s hamnar vid samma bord, fast de inte skulle det."),
        "together": _("%(who)s får inte plats vid samma bord."),
        "need": _("%(who)s får inget bord som går att nå med rullstol."),
        "size": _("Platserna räcker inte vid borden."),
    }.get(rule, _("%(who)s får inte den plats som var tänkt.")) % {"who": who}
    help_ = {
        "one-table": _("Lägg till ett bord."),
        "too-many-people": _("Lägg till ett bord."),
        "no-table-offers": _("Markera ett bord som tillgängligt."),
        "too-few-seats-offer": _("Markera fler bord som tillgängliga."),
        "contradiction": _("Två önskemål säger emot varandra."),
        "too-large": _("De är fler än ett bord rymmer."),
    }.get(reason, "")
    return f"{what} {help_}".strip()


# ---------------------------------------------------------------- the whole page


@dataclass(frozen=True)
class QuestionField:
    number: int
    text: str
    is_wanted: bool
    hint: str
    error: str
    second: str = ""
    second_error: str = ""


@dataclass(frozen=True)
class TableName:
    number: int
    name: str
    error: str
    is_accessible: bool
    interpreter: str = ""


@dataclass(frozen=True)
class UnitChoice:
    """A unit to choose, indented by its place in the tree."""

    unit_id: int
    label: str


@dataclass(frozen=True)
class GrowsFrom:
    value: str
    label: str


@dataclass(frozen=True)
class PlanPage:
    """All that the plan page shows."""

    dialogue: Dialogue
    agreements: list[Agreement]
    templates: list[Template]
    questions: list[QuestionField]
    may_add_question: bool
    steps: list[PlanStep]
    ends_at: datetime
    invitations: int
    unsent: int
    sources: list[Source]
    units: list[UnitChoice]
    tables: list[TableName]
    drawing: Drawing
    words: SeatingWords | None
    warnings: list[str]
    grows_from: str
    could_grow_from: list[GrowsFrom]
    leaders: dict[int, str]
    possible_leaders: dict[int, str]
    missing: dict[str, str]
    joined: int
    asks_interpreter: bool
    second_name: str

    @property
    def has_joined(self) -> bool:
        return self.joined > 0

    @property
    def questions_wanted(self) -> int:
        return sum(question.is_wanted for question in self.questions)

    @property
    def is_one_day(self) -> bool:
        return localtime(self.dialogue.starts_at).date() == localtime(self.ends_at).date()

    @property
    def date(self) -> str:
        """For a date field."""
        return localtime(self.dialogue.starts_at).date().isoformat()

    @property
    def time(self) -> str:
        return f"{localtime(self.dialogue.starts_at):%H:%M}"

    @property
    def group_least(self) -> bool:
        return self.dialogue.group_size <= GROUP_LEAST

    @property
    def group_most(self) -> bool:
        return self.dialogue.group_size >= GROUP_MOST


CLOSED_BEGINNINGS = {
    "sv": ("är", "har", "kan", "ska", "skall", "vill", "bör", "borde", "får", "måste", "tycker", "finns", "blir"),
    "da": ("er", "har", "kan", "skal", "vil", "bør", "burde", "må", "synes", "findes", "bliver"),
    "en": ("is", "are", "has", "have", "can", "could", "should", "shall", "will", "would", "do", "does", "did", "may"),
}


def question_hint(text: str, language: str) -> str:
    """A kind word about a question that could be answered with yes or no."""
    words = text.split(maxsplit=1)
    first = words[0].casefold().strip("\"'”»“") if words else ""
    if first in CLOSED_BEGINNINGS.get(language, ()):
        return _("Den här går att svara ja eller nej på. Pröva att börja med Vad, Hur eller När.")
    return ""


def plan_page(
    dialogue: Dialogue,
    *,
    opened: int | None = None,
    more_questions: int = 0,
    errors: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
) -> PlanPage:
    """Everything for the plan page; a fixed number of queries, however many are on the list.

    :param errors: by field, what was wrong with what was sent; ``typed`` is what was sent, and stays in those fields.
    """
    errors, typed = errors or {}, typed or {}
    invitations = list(Invitation.objects.filter(dialogue=dialogue).order_by("pk"))
    steps = timed_plan(dialogue, opened)
    asked = list(dialogue.questions.all())
    texts = {question.number: question.text for question in asked}
    second = {question.number: question.second_text for question in asked}
    wanted = min(QUESTIONS_MOST, max(rounds_of(dialogue), *texts, 1) + more_questions)
    tables = list(dialogue.tables.all())
    warnings = []
    if len(invitations) > PEOPLE_TRIED or len(tables) > TABLES_TRIED:
        warnings.append(
            _("Prövat är upp till %(people)s personer och %(tables)s bord. Räkna med lite mer tid för fler.")
            % {"people": PEOPLE_TRIED, "tables": TABLES_TRIED}
        )
    leaders = {row.person_id: row.person.name for row in dialogue.leaders.select_related("person")}
    return PlanPage(
        dialogue=dialogue,
        agreements=agreements_to_open_with(dialogue),
        templates=list(Template.objects.filter(is_active=True)),
        questions=[
            QuestionField(
                number,
                typed.get(f"question-{number}", "") if f"question-{number}" in errors else texts.get(number, ""),
                number <= wanted,
                question_hint(texts.get(number, ""), dialogue.language),
                errors.get(f"question-{number}", ""),
                typed.get(f"second-{number}", "") if f"second-{number}" in errors else second.get(number, ""),
                errors.get(f"second-{number}", ""),
            )
            for number in range(1, QUESTIONS_MOST + 1)
        ],
        may_add_question=wanted < QUESTIONS_MOST and not dialogue.template.is_unattended,
        steps=steps,
        ends_at=steps[-1].ends_at if steps else dialogue.starts_at,
        invitations=len(invitations),
        unsent=sum(1 for invitation in invitations if invitation.sent_at is None),
        sources=sources_of(invitations),
        units=[UnitChoice(branch.unit.pk, "\u00a0\u00a0" * branch.depth + branch.unit.name) for branch in unit_tree()],
        tables=[
            TableName(
                table.number,
                table.name,
                errors.get(f"table-{table.number}", ""),
                table.is_accessible,
                table.interpreter,
            )
            for table in tables
        ],
        drawing=drawing_of(dialogue),
        words=seating_words(dialogue),
        warnings=warnings,
        grows_from=grows_from_of(dialogue),
        could_grow_from=_could_grow_from(dialogue),
        leaders=leaders,
        possible_leaders={person: name for person, name in possible_leaders(dialogue).items() if person not in leaders},
        missing=what_is_missing(dialogue, now()),
        joined=Seat.objects.filter(dialogue=dialogue).count(),
        asks_interpreter=bool(dialogue.second_language)
        or any("interpreter" in invitation.needs for invitation in invitations)
        or any(table.interpreter for table in tables),
        second_name=spoken(dialogue.second_language),
    )


def _could_grow_from(dialogue: Dialogue) -> list[GrowsFrom]:
    signals = [
        GrowsFrom(f"signal:{row.pk}", _("Vi har hört: ”%(words)s”") % {"words": row.words})
        for row in signals_of(dialogue.unit_id)
    ]
    threads = [
        GrowsFrom(f"thread:{view.thread.pk}", _("Fortsätt tråden ”%(title)s”") % {"title": view.title})
        for view in unit_threads(dialogue.unit_id, public_only=False)
        if any(knot.stage != "signal" and knot.object_id != dialogue.pk for knot in view.knots)
    ]
    return [*signals, *threads]


# ---------------------------------------------------------------- the list


@dataclass(frozen=True)
class Listed:
    """A dialogue in the list, and what this person can do with it."""

    dialogue: Dialogue
    title: str
    may_lead: bool
    may_read: bool


@dataclass(frozen=True)
class DialogueList:
    going_on: list[Listed]
    coming: list[Listed]
    drafts: list[Listed]
    finished: list[Listed]
    rehearsals: list[Listed]
    units: list[Branch]
    may_plan: bool


FINISHED_SHOWN = 30


def dialogue_list(actor: Actor, unit_id: int | None = None) -> DialogueList:
    """The dialogues of the actor's units, and those she leads."""
    led = units_to_lead(actor)
    units = {unit.pk: unit for unit in [*units_of(actor), *led]}
    chosen = [unit_id] if unit_id in units else list(units)
    rows = list(
        Dialogue.objects.filter(unit__in=chosen)
        .select_related("unit", "step", "template")
        .prefetch_related("questions")
        .order_by("starts_at", "pk")
    )
    if unit_id not in units:
        seen = {row.pk for row in rows}
        also = Dialogue.objects.filter(leaders__person_id=actor.person_id or 0).select_related(
            "unit", "step", "template"
        )
        rows += [row for row in also.prefetch_related("questions").order_by("starts_at", "pk") if row.pk not in seen]
    roles = roles_in_each(actor, [row.unit for row in rows])
    led_ids = {unit.pk for unit in led}
    found: dict[str, list[Listed]] = defaultdict(list)
    for row in rows:
        may_lead = row.unit_id in led_ids or (
            row.unit_id not in units and may(roles_in_dialogue(actor, row), "dialogue.lead")
        )
        if row.state == State.DRAFT and not may_lead:
            continue
        if row.is_rehearsal and not may_lead:
            continue
        questions = list(row.questions.all())
        may_read = may_lead or may(roles[row.unit_id], "dialogue.read_protocol", State.CLOSED)
        listed = Listed(row, questions[0].text if questions else row.title, may_lead, may_read)
        found["rehearsal" if row.is_rehearsal else row.state].append(listed)
    return DialogueList(
        going_on=found[State.RUNNING],
        coming=found[State.PLANNED],
        drafts=found[State.DRAFT],
        finished=found[State.CLOSED][::-1][:FINISHED_SHOWN],
        rehearsals=found["rehearsal"],
        units=[Branch(unit, 0) for unit in units.values()],
        may_plan=bool(led),
    )


# ---------------------------------------------------------------- the people


@dataclass(frozen=True)
class PersonRow:
    """Somebody on the list, and the table of each seating."""

    invitation: Invitation
    tables: tuple[str, ...]
    has_joined: bool

    @property
    def code(self) -> str:
        return grouped(self.invitation.seat_code)


@dataclass(frozen=True)
class PeoplePage:
    people: list[PersonRow]
    sources: list[Source]
    seatings: int
    needs: tuple[tuple[str, str], ...]


def need_words() -> tuple[tuple[str, str], ...]:
    return (
        ("accessible", _("Tillgängligt bord")),
        ("interpreter", _("Tolk")),
        ("hearing", _("Hörslinga")),
    )


def people_page(dialogue: Dialogue) -> PeoplePage:
    """Everyone on the list in order of name. Three queries, however many there are."""
    names = {table.pk: table.name for table in dialogue.tables.all()}
    tables: dict[int, dict[int, str]] = defaultdict(dict)
    rows = PlannedPlace.objects.filter(invitation__dialogue=dialogue)
    for invitation_id, seating, table_id in rows.values_list("invitation_id", "seating", "table_id"):
        tables[invitation_id][seating] = names[table_id]
    invitations = list(Invitation.objects.filter(dialogue=dialogue).select_related("seat").order_by("pk"))
    found = [
        PersonRow(
            invitation,
            tuple(name for _seating, name in sorted(tables[invitation.pk].items())),
            hasattr(invitation, "seat"),
        )
        for invitation in sorted(invitations, key=lambda row: name_key(row.name))
    ]
    seatings = max((len(row.tables) for row in found), default=0)
    return PeoplePage(found, sources_of(invitations), seatings, need_words())
