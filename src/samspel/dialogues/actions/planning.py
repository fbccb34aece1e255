"""Planning: from a template to a plan that is ready to invite to. Drafts save themselves, field by field."""

import base64
import hashlib
import math
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from samspel.core import defaults, thread
from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import InvalidError, NotFoundError
from samspel.core.idempotency import checked_key
from samspel.core.languages import SIGNED, SPOKEN
from samspel.core.models import Knot, Stage, Thread, TieKind
from samspel.core.numbers import number_of
from samspel.core.texts import all_too_long, require_short, too_long
from samspel.dialogues import compute
from samspel.dialogues.access import get_dialogue
from samspel.dialogues.live import tell
from samspel.dialogues.models import (
    Dialogue,
    Invitation,
    Leader,
    Question,
    Seat,
    Sitting,
    State,
    Step,
    StepKind,
    Table,
    Template,
    TemplateStep,
)
from samspel.dialogues.people_list import add_unit
from samspel.dialogues.table_names import next_name
from samspel.encounters.queries import signals_of
from samspel.encounters.to_take_up import heard
from samspel.people.access import get_unit
from samspel.people.queries import members_of

QUESTIONS_MOST = 3
QUESTION_LONGEST = 200
TABLES_MOST = 150
GROUP_LEAST, GROUP_MOST = 2, 6
MINUTES_MOST = 72 * 60
CODE_TRIES = 20

# A question after the first one, in a plan made for one, begins with new tables.
MOVE_TITLE = {"sv": "Byt bord", "da": "Skift bord", "en": "Change tables"}
MOVE_REASON = {
    "sv": "Nästa fråga börjar vid ett nytt bord, med nya ansikten.",
    "da": "Næste spørgsmål begynder ved et nyt bord, med nye ansigter.",
    "en": "The next question begins at a new table, with new faces.",
}
MOVE_MINUTES = 3
# What stands once around the rounds of questions.
AROUND = frozenset({StepKind.FRAME, StepKind.AGREE, StepKind.CHECKOUT})


# ---------------------------------------------------------------- a new dialogue


@transaction.atomic
def create_dialogue(
    *,
    actor: Actor,
    unit_id: int,
    template_key: str,
    starts_at: datetime,
    key: str,
    at: datetime,
    questions: tuple[str, ...] = (),
    title: str = "",
    language: str = "sv",
    grows_from: str = "",
    invite_unit: bool = True,
) -> Dialogue:
    """A draft with the template's steps, the unit's own people on the list, and tables enough for them.

    :param grows_from: ``signal:7`` to take up a signal of the unit, ``thread:3`` to go on with one of its threads.
    :param invite_unit: put the unit's own people on the list (nothing is sent).
    A repeated key gives the draft that was made the first time.
    """
    unit = get_unit(actor, unit_id, "dialogue.create")
    template = Template.objects.filter(key=template_key, is_active=True).first()
    if template is None:
        raise InvalidError(fields={"template": _("Välj en av mallarna.")})
    slug = slug_of(checked_key(key))
    earlier = Dialogue.objects.filter(slug=slug, created_by_id=actor.person_id).first()
    if earlier is not None:
        return earlier
    require_short(title=(title.strip(), LONGEST_TITLE))
    given = defaults.values("dialogue.group_size", "dialogue.places")
    dialogue = with_free_code(
        lambda code: Dialogue.objects.create(
            unit=unit,
            template=template,
            title=title.strip() or _("Samtal i %(unit)s") % {"unit": unit.name[:100]},
            language=language if language in dict(settings.LANGUAGES) else "sv",
            starts_at=starts_at,
            code=code,
            slug=slug,
            created_at=at,
            created_by_id=actor.person_id,
            group_size=given["dialogue.group_size"],
            places=given["dialogue.places"],
            seating_seed=secrets.randbits(48),
        )
    )
    texts = [text.strip()[:QUESTION_LONGEST] for text in questions][:QUESTIONS_MOST]
    _put_questions(dialogue, texts)
    lay_steps(dialogue, template, max(template.questions, len(texts), 1))
    if grows_from:
        grow_from(dialogue, grows_from, at)
    set_tables(dialogue, 1)
    record(actor, "dialogue.created", dialogue, unit=unit.pk, template=template.key)
    if invite_unit:
        add_unit(dialogue, unit.pk)
        people_changed(dialogue, before=0)
    return dialogue


def slug_of(key: str) -> str:
    """The public address: cannot be guessed, and is the same when the same form is sent again."""
    digest = hashlib.blake2b(key.encode(), digest_size=10, person=b"samspel slug").digest()
    return base64.b32encode(digest).decode().lower()


def is_plain_code(code: str) -> bool:
    """Whether a code is one that people would guess first: 000000, 123456, 121212."""
    digits = [int(letter) for letter in code]
    steps = {(after - before) % 10 for before, after in pairwise(digits)}
    return len(set(digits)) < 3 or len(steps) == 1


def new_code() -> str:
    while True:
        code = f"{secrets.randbelow(10**6):06}"
        if not is_plain_code(code):
            return code


def with_free_code(make: Callable[[str], Dialogue]) -> Dialogue:
    """Make a dialogue with a code that no open dialogue has; the database says which are taken."""
    for _try in range(CODE_TRIES):
        code = new_code()
        try:
            with transaction.atomic():
                return make(code)
        except IntegrityError as error:
            if "dialogue_code_once" not in str(error):
                raise
    raise RuntimeError(f"no free code in {CODE_TRIES} tries")


# ---------------------------------------------------------------- the steps


@dataclass(frozen=True)
class StepPlan:
    """A step to be laid."""

    kind: str
    minutes: int
    question: int
    seating: int
    title: Mapping[str, str]
    reason: Mapping[str, str]
    guide: Mapping[str, str] = field(default_factory=dict)


def steps_for(rows: list[TemplateStep], rounds: int, *, template_questions: int) -> list[StepPlan]:
    """A template's steps for so many questions.

    A template made for several questions is cut to as many rounds as are asked for. One made for a single question
    has its middle repeated for each, at new tables, so that everybody meets somebody new.
    """
    plan = [
        StepPlan(row.kind, row.minutes, row.question, row.seating, row.title, row.reason, row.guide) for row in rows
    ]
    if template_questions > 1:
        kept = [step for step in plan if step.question <= rounds or step.kind in {"agree", "checkout"}]
        last = max((step.seating for step in kept if step.question <= rounds), default=1)
        return [step if step.question <= rounds else replace(step, question=rounds, seating=last) for step in kept]
    opening = [step for step in plan if step.kind == StepKind.FRAME]
    middle = [step for step in plan if step.kind not in AROUND]
    closing = [step for step in plan if step.kind in AROUND and step.kind != StepKind.FRAME]
    seatings = max((step.seating for step in plan), default=1)
    found = [*opening, *middle]
    for number in range(2, rounds + 1):
        shift = (number - 1) * seatings
        found.append(StepPlan(StepKind.MOVE, MOVE_MINUTES, number, shift + 1, MOVE_TITLE, MOVE_REASON))
        found.extend(replace(step, question=number, seating=step.seating + shift) for step in middle)
    shift = (rounds - 1) * seatings
    found.extend(replace(step, question=rounds, seating=step.seating + shift) for step in closing)
    return found


def lay_steps(dialogue: Dialogue, template: Template, rounds: int) -> None:
    """Copy the template's steps; where the plan had the same step before, its minutes stay as they were changed."""
    before: dict[tuple[str, int, int], list[int]] = {}
    if dialogue.template_id == template.pk:
        for step in dialogue.steps.all():
            before.setdefault((step.kind, step.question, step.seating), []).append(step.minutes)
    plan = steps_for(list(template.steps.all()), rounds, template_questions=template.questions)
    dialogue.steps.all().delete()
    rows = []
    for position, laid in enumerate(plan, start=1):
        kept = before.get((laid.kind, laid.question, laid.seating), [])
        rows.append(
            Step(
                dialogue=dialogue,
                position=position,
                kind=laid.kind,
                minutes=kept.pop(0) if kept else laid.minutes,
                question=laid.question,
                seating=laid.seating,
                title=dict(laid.title),
                reason=dict(laid.reason),
                guide=dict(laid.guide),
            )
        )
    Step.objects.bulk_create(rows)
    if dialogue.template_id != template.pk:
        dialogue.template = template
        dialogue.save(update_fields=["template"])


def rounds_of(dialogue: Dialogue) -> int:
    """How many questions the plan has room for."""
    return max((step.question for step in dialogue.steps.all()), default=1)


# ---------------------------------------------------------------- tables


def tables_for(people: int, least: int, most: int) -> int:
    """How many tables so many people need: as few as keep to ``most``, or what comes nearest to both numbers.

    Nine people at tables of four or five are two tables, of 4 and 5; five at tables of four are one table of 5.
    """
    counts = range(1, max(1, math.ceil(people / most)) + 1)
    return min(counts, key=lambda count: (max(0, math.ceil(people / count) - most, least - people // count), -count))


def set_tables(dialogue: Dialogue, count: int) -> None:
    """Make it so many tables; new ones get names of the town's places, the last ones go first."""
    tables = list(dialogue.tables.all())
    taken = {table.name for table in tables}
    for number in range(len(tables) + 1, count + 1):
        name = next_name(dialogue.language, taken)
        taken.add(name)
        tables.append(Table.objects.create(dialogue=dialogue, number=number, name=name))
    if len(tables) > count:
        Table.objects.filter(dialogue=dialogue, number__gt=count).delete()
        tables = tables[:count]
    most = defaults.value("dialogue.table_most")
    people = Invitation.objects.filter(dialogue=dialogue).count()
    Table.objects.filter(dialogue=dialogue).update(size=max(most, math.ceil(people / count)))
    for seating in range(1, compute.seatings_of(dialogue) + 1):
        Sitting.objects.bulk_create([Sitting(table=table, seating=seating) for table in tables], ignore_conflicts=True)


def has_joined(dialogue: Dialogue) -> bool:
    return Seat.objects.filter(dialogue=dialogue).exists()


def people_changed(dialogue: Dialogue, *, before: int) -> None:
    """The list has changed: tables follow as long as nobody has chosen their number by hand; all are seated anew."""
    if has_joined(dialogue):
        return
    size = defaults.values("dialogue.table_least", "dialogue.table_most")
    least, most = size["dialogue.table_least"], size["dialogue.table_most"]
    people = Invitation.objects.filter(dialogue=dialogue).count()
    count = dialogue.tables.count()
    follows = count in {0, tables_for(before, least, most)}
    set_tables(dialogue, tables_for(people, least, most) if follows else count)
    compute.seat_everyone(dialogue)


# ---------------------------------------------------------------- changing the plan


@dataclass(frozen=True)
class Plan:
    """What the plan page holds. ``minutes`` is by step id; ``table_names`` and ``table_access``
    (which can be reached in a wheelchair) by place, empty to leave them; so are ``interpreters``, the language of the
    interpreter who sits at each table. ``second_questions``: the questions in the ``second_language``."""

    template_key: str
    questions: tuple[str, ...]
    starts_at: datetime
    title: str = ""
    place: str = ""
    language: str = "sv"
    tables: int = 1
    table_names: tuple[str, ...] = ()
    table_access: tuple[bool, ...] = ()
    group_size: int = 3
    has_seating: bool = True
    needs_review: bool = True
    is_public: bool = True
    closed_reason: str = ""
    delegation: str = ""
    minutes: Mapping[int, int] = field(default_factory=dict)
    grows_from: str = ""
    second_language: str = ""
    second_questions: tuple[str, ...] = ()
    interpreters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Saved:
    """A saved plan. ``errors``: by field, what could not be used and was left as it was; all else is saved."""

    dialogue: Dialogue
    errors: Mapping[str, str]


def plan_of(dialogue: Dialogue) -> Plan:
    """The plan as it stands."""
    questions = list(dialogue.questions.all())
    texts = {question.number: question.text for question in questions}
    second = {question.number: question.second_text for question in questions}
    return Plan(
        template_key=dialogue.template.key,
        questions=tuple(texts.get(number, "") for number in range(1, max(rounds_of(dialogue), *texts, 1) + 1)),
        starts_at=dialogue.starts_at,
        title=dialogue.title,
        place=dialogue.place,
        language=dialogue.language,
        tables=dialogue.tables.count(),
        table_names=tuple(table.name for table in dialogue.tables.all()),
        table_access=tuple(table.is_accessible for table in dialogue.tables.all()),
        group_size=dialogue.group_size,
        has_seating=dialogue.has_seating,
        needs_review=dialogue.needs_review,
        is_public=dialogue.is_public,
        closed_reason=dialogue.closed_reason,
        delegation=dialogue.delegation,
        minutes={step.pk: step.minutes for step in dialogue.steps.all()},
        grows_from=grows_from_of(dialogue),
        second_language=dialogue.second_language,
        second_questions=tuple(second.get(number, "") for number in range(1, QUESTIONS_MOST + 1)),
        interpreters=tuple(table.interpreter for table in dialogue.tables.all()),
    )


@transaction.atomic
def save_plan(*, actor: Actor, dialogue_id: int, plan: Plan, at: datetime) -> Saved:
    """Save a plan as it is being written. What cannot be used is told by field and left as it was."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.plan", lock=True)
    was = plan_of(dialogue)
    joined = has_joined(dialogue)
    errors: dict[str, str] = {}
    _save_words(dialogue, plan, at, errors)
    _save_template_and_questions(dialogue, was, plan, errors, joined=joined)
    _save_minutes(dialogue, plan, errors)
    seated_anew = _save_tables(dialogue, was, plan, errors, joined=joined)
    if plan.grows_from != was.grows_from:
        grow_from(dialogue, plan.grows_from, at)
    if seated_anew and not joined:
        compute.seat_everyone(dialogue)
    if plan_of(dialogue) != was:
        record(actor, "dialogue.planned_anew", dialogue)
        if dialogue.state == State.PLANNED:
            tell(dialogue, "step", step=0)
    return Saved(dialogue, errors)


# A dialogue that goes by itself would begin at once, run through all of its steps, and be closed.
_TOO_LATE: Final = gettext_lazy("Välj en tid som inte har varit. Samtalet börjar av sig självt då.")


# As the columns hold them.
LONGEST_TITLE: Final = 120
_LONGEST: Final = {"title": LONGEST_TITLE, "place": 120, "closed_reason": 200, "delegation": 200, "table": 40}


def _save_words(dialogue: Dialogue, plan: Plan, at: datetime, errors: dict[str, str]) -> None:
    changed: dict[str, Any] = {"starts_at": plan.starts_at}
    is_moved = plan.starts_at != dialogue.starts_at
    if is_moved and dialogue.state == State.PLANNED and dialogue.template.is_unattended and plan.starts_at < at:
        errors["date"] = str(_TOO_LATE)
        del changed["starts_at"]
    texts = {name: getattr(plan, name).strip() for name in ("title", "place", "closed_reason", "delegation")}
    if plan.is_public:
        texts["closed_reason"] = ""
    errors |= all_too_long(**{name: (text, _LONGEST[name]) for name, text in texts.items()})
    if not texts["title"]:
        errors["title"] = _("Ge samtalet ett namn.")
    changed |= {name: texts[name] for name in ("title", "place", "delegation") if name not in errors}
    if plan.language in dict(settings.LANGUAGES):
        changed["language"] = plan.language
    if plan.second_language in {"", *SPOKEN} and plan.second_language not in SIGNED:
        changed["second_language"] = "" if plan.second_language == plan.language else plan.second_language
    if not plan.is_public and not texts["closed_reason"]:
        errors["closed_reason"] = _("Skriv skälet och paragrafen. De visas i stället för resultatet.")
    if "closed_reason" not in errors:
        changed |= {"is_public": plan.is_public, "closed_reason": texts["closed_reason"]}
    changed["needs_review"] = plan.needs_review
    for name, value in changed.items():
        setattr(dialogue, name, value)
    dialogue.save(update_fields=list(changed))


def _save_template_and_questions(
    dialogue: Dialogue, was: Plan, plan: Plan, errors: dict[str, str], *, joined: bool
) -> None:
    template = Template.objects.filter(key=plan.template_key, is_active=True).first()
    if template is None:
        errors["template"] = _("Välj en av mallarna.")
        template = dialogue.template
    texts = [text.strip() for text in plan.questions][:QUESTIONS_MOST]
    for number, text in enumerate(texts, start=1):
        if len(text) > QUESTION_LONGEST:
            errors[f"question-{number}"] = _("Korta frågan till högst %(most)s tecken, nu är den %(now)s.") % {
                "most": QUESTION_LONGEST,
                "now": len(text),
            }
            texts[number - 1] = was.questions[number - 1] if number <= len(was.questions) else ""
    written = sum(1 for text in texts if text)
    if template.is_unattended and max(written, len(texts) if template.key == was.template_key else 0) > 1:
        errors["template"] = _("72 timmar har plats för en fråga. Ta bort de andra först.")
        template = dialogue.template
    is_new = template.pk != dialogue.template_id
    rounds = max(template.questions, written, 1) if is_new else max(len(texts), 1)
    if joined and (is_new or rounds != rounds_of(dialogue)):
        errors["template"] = _("Någon har redan anslutit, så stegen ligger fast. Tiderna kan du ändra.")
        rounds, is_new, template = rounds_of(dialogue), False, dialogue.template
    if is_new or rounds != rounds_of(dialogue):
        lay_steps(dialogue, template, rounds)
    _put_questions(dialogue, texts)
    for number, text in enumerate(plan.second_questions[:QUESTIONS_MOST], start=1):
        if len(text.strip()) > QUESTION_LONGEST:
            errors[f"second-{number}"] = _("Korta frågan till högst %(most)s tecken, nu är den %(now)s.") % {
                "most": QUESTION_LONGEST,
                "now": len(text.strip()),
            }
            continue
        Question.objects.filter(dialogue=dialogue, number=number).update(second_text=text.strip())


def _put_questions(dialogue: Dialogue, texts: list[str]) -> None:
    """The questions that have words; an empty field is no question."""
    for number, text in enumerate(texts, start=1):
        if text:
            Question.objects.update_or_create(dialogue=dialogue, number=number, defaults={"text": text})
    Question.objects.filter(dialogue=dialogue).exclude(
        number__in=[number for number, text in enumerate(texts, start=1) if text]
    ).delete()


def _save_minutes(dialogue: Dialogue, plan: Plan, errors: dict[str, str]) -> None:
    for step in dialogue.steps.all():
        minutes = plan.minutes.get(step.pk, step.minutes)
        if minutes == step.minutes:
            continue
        if not 1 <= minutes <= MINUTES_MOST:
            errors[f"minutes-{step.pk}"] = _("Ett steg är minst en minut.")
            continue
        step.minutes = minutes
        step.save(update_fields=["minutes"])


def _save_tables(dialogue: Dialogue, was: Plan, plan: Plan, errors: dict[str, str], *, joined: bool) -> bool:
    """Save how one sits; True when people should be seated anew."""
    count = plan.tables
    if not 1 <= count <= TABLES_MOST:
        errors["tables"] = _("Välj från 1 till %(most)s bord.") % {"most": TABLES_MOST}
        count = was.tables
    if joined and count < was.tables:
        errors["tables"] = _("Någon sitter redan vid bordet. Det går att lägga till bord, men inte att ta bort.")
        count = was.tables
    size = plan.group_size
    if not GROUP_LEAST <= size <= GROUP_MOST:
        errors["group_size"] = _("En grupp är %(least)s till %(most)s personer.") % {
            "least": GROUP_LEAST,
            "most": GROUP_MOST,
        }
        size = was.group_size
    dialogue.group_size = size
    dialogue.has_seating = plan.has_seating
    dialogue.save(update_fields=["group_size", "has_seating"])
    set_tables(dialogue, count)
    _name_tables(dialogue, was, plan, errors)
    has_moved = _set_access(dialogue, was, plan)
    has_moved = _set_interpreters(dialogue, was, plan) or has_moved
    seatings = compute.seatings_of(dialogue)
    return (
        count != was.tables
        or has_moved
        or plan.has_seating != was.has_seating
        or seatings != len(dialogue.seating_told.get("seatings", []))
    )


def _name_tables(dialogue: Dialogue, was: Plan, plan: Plan, errors: dict[str, str]) -> None:
    if not plan.table_names or plan.table_names == was.table_names:
        return
    names = [name.strip() for name in plan.table_names]
    tables = list(dialogue.tables.all())
    wanted = {table.pk: name for table, name in zip(tables, names, strict=False)}
    folded = [name.casefold() for name in wanted.values()]
    for table in tables:
        name = wanted.get(table.pk, table.name)
        if not name:
            errors[f"table-{table.number}"] = _("Ett bord behöver ett namn.")
        elif told := too_long(name, _LONGEST["table"]):
            errors[f"table-{table.number}"] = told
        elif folded.count(name.casefold()) > 1:
            errors[f"table-{table.number}"] = _("Två bord kan inte heta samma sak.")
        elif name != table.name:
            table.name = name
            table.save(update_fields=["name"])


def _set_access(dialogue: Dialogue, was: Plan, plan: Plan) -> bool:
    """Which tables can be reached in a wheelchair; True when that has changed."""
    if not plan.table_access or plan.table_access == was.table_access:
        return False
    for table, wanted in zip(dialogue.tables.all(), plan.table_access, strict=False):
        if table.is_accessible != wanted:
            table.is_accessible = wanted
            table.save(update_fields=["is_accessible"])
    return True


def _set_interpreters(dialogue: Dialogue, was: Plan, plan: Plan) -> bool:
    """At which tables an interpreter sits, and of what language; True when that has changed."""
    if not plan.interpreters or plan.interpreters == was.interpreters:
        return False
    for table, wanted in zip(dialogue.tables.all(), plan.interpreters, strict=False):
        if table.interpreter != wanted and wanted in {"", *SPOKEN}:
            table.interpreter = wanted
            table.save(update_fields=["interpreter"])
    return True


# ---------------------------------------------------------------- where it comes from


def grows_from_of(dialogue: Dialogue) -> str:
    """What the dialogue takes up, as ``signal:7`` or ``thread:3``; empty when nothing was chosen."""
    knot = Knot.objects.filter(object_type=dialogue._meta.label_lower, object_id=dialogue.pk).order_by("pk").first()
    if knot is None:
        return ""
    tied = knot.ties.select_related("to").first()
    if tied is None:
        return ""
    if tied.kind == TieKind.GREW_FROM:
        return f"signal:{tied.to.object_id}"
    return f"thread:{knot.thread_id}"


def grow_from(dialogue: Dialogue, source: str, at: datetime) -> None:
    """Hang the dialogue on the thread of a signal, or go on with a thread; an empty source takes it off again.

    :raises NotFoundError: when the unit has no such signal or thread.
    """
    kind, _colon, digits = source.partition(":")
    number = number_of(digits)
    Knot.objects.filter(object_type=dialogue._meta.label_lower, object_id=dialogue.pk).delete()
    if dialogue.heard:
        dialogue.heard = []
        dialogue.save(update_fields=["heard"])
    if not source:
        return
    if kind == "signal":
        hang_on_signal(dialogue, number or 0, at)
        return
    if kind != "thread" or number is None:
        raise NotFoundError("thread")
    found = Thread.objects.filter(pk=number, unit_id=dialogue.unit_id).first()
    if found is None:
        raise NotFoundError("thread")
    last = found.knots.order_by("at", "pk").last()
    knot = thread.add_knot(found.pk, Stage.DIALOGUE, dialogue, at=at)
    if last is not None:
        thread.tie(knot, last, TieKind.REPEATS)


def hang_on_signal(dialogue: Dialogue, signal_id: int, at: datetime) -> None:
    """Hang the dialogue on a signal's thread beside where it hangs already, and keep the words it opens with.

    :raises NotFoundError: when the unit has no such signal.
    """
    words = heard(dialogue.unit_id, signal_id, at=at)
    signal = next(row for row in signals_of(dialogue.unit_id) if row.pk == signal_id)
    knots = thread.knots_of(signal)
    if not knots:
        begun = thread.start_thread(unit_id=dialogue.unit_id, title=signal.words, at=at)
        knots = [thread.add_knot(begun.pk, Stage.SIGNAL, signal, at=at)]
    knot = thread.add_knot(knots[0].thread_id, Stage.DIALOGUE, dialogue, at=at)
    thread.tie(knot, knots[0], TieKind.GREW_FROM)
    dialogue.heard = [*dialogue.heard, asdict(words)]
    dialogue.save(update_fields=["heard"])


def put_on_thread(dialogue: Dialogue, at: datetime) -> None:
    """A planned dialogue hangs on a thread: the one it was tied to, or a new one that its first question begins."""
    if dialogue.is_rehearsal or thread.knots_of(dialogue):
        return
    question = dialogue.questions.first()
    begun = thread.start_thread(unit_id=dialogue.unit_id, title=question.text if question else dialogue.title, at=at)
    thread.add_knot(begun.pk, Stage.DIALOGUE, dialogue, at=at)


# ---------------------------------------------------------------- leaders


def possible_leaders(dialogue: Dialogue) -> dict[int, str]:
    """Who can be asked to lead beside the unit's own facilitators: its people, and those on the list."""
    found = {person.pk: person.name for person in members_of(dialogue.unit_id)}
    on_list = Invitation.objects.filter(dialogue=dialogue, person__isnull=False).values_list("person_id", "name")
    found.update({person_id: name for person_id, name in on_list if person_id is not None})
    return found


@transaction.atomic
def set_leader(*, actor: Actor, dialogue_id: int, person_id: int, wanted: bool, at: datetime) -> Dialogue:
    """Let somebody lead this dialogue too, or no longer."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.plan", lock=True)
    if not wanted:
        Leader.objects.filter(dialogue=dialogue, person_id=person_id).delete()
    elif person_id in possible_leaders(dialogue):
        Leader.objects.get_or_create(dialogue=dialogue, person_id=person_id)
    else:
        raise InvalidError(fields={"leader": _("Välj någon ur enheten eller från listan.")})
    record(actor, "leader.added" if wanted else "leader.removed", dialogue, person=person_id)
    return dialogue


# ---------------------------------------------------------------- ready


def what_is_missing(dialogue: Dialogue, at: datetime) -> dict[str, str]:
    """By field, what must be there before anybody is invited."""
    missing: dict[str, str] = {}
    if dialogue.state == State.DRAFT and dialogue.template.is_unattended and dialogue.starts_at < at:
        missing["date"] = str(_TOO_LATE)
    texts = {question.number: question.text for question in dialogue.questions.all()}
    for number in range(1, rounds_of(dialogue) + 1):
        if not texts.get(number):
            missing[f"question-{number}"] = _("Skriv frågan som ni ska tala om.")
    return missing


def make_ready(actor: Actor, dialogue: Dialogue, at: datetime) -> None:
    """From draft to planned: the code opens and the dialogue hangs on its thread.

    :raises InvalidError: by field, what is missing.
    """
    missing = what_is_missing(dialogue, at)
    if missing:
        raise InvalidError(fields=missing)
    if dialogue.state != State.DRAFT:
        return
    dialogue.state = State.PLANNED
    dialogue.save(update_fields=["state"])
    put_on_thread(dialogue, at)
    record(actor, "dialogue.published", dialogue)


@transaction.atomic
def publish(*, actor: Actor, dialogue_id: int, at: datetime) -> Dialogue:
    """The plan is ready: whoever has the code can come. Nobody is written to. A second click changes nothing."""
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.plan", lock=True)
    make_ready(actor, dialogue, at)
    return dialogue


@transaction.atomic
def delete_draft(*, actor: Actor, dialogue_id: int, at: datetime) -> int:
    """Throw a draft away; gives its unit. A planned dialogue is called off by its leader instead.

    :raises InvalidError: when it is no longer a draft.
    """
    dialogue = get_dialogue(actor, dialogue_id, "dialogue.plan", lock=True)
    if dialogue.state != State.DRAFT:
        raise InvalidError(_("Inbjudan är redan ute, så planen kan inte kastas."))
    unit_id = dialogue.unit_id
    grow_from(dialogue, "", at)
    record(actor, "dialogue.draft_deleted", dialogue, unit=unit_id)
    dialogue.delete()
    return unit_id
