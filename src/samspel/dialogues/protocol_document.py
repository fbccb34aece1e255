"""The protocol as a document: its words in the reader's language, for documents/protocol.typ."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import strip_tags
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from samspel.dialogues.heard import Behind
from samspel.dialogues.protocol import Protocol, ProtocolNote, ProtocolQuestion, becomes_of, outcome_of
from samspel.dialogues.result_document import cover
from samspel.ui.templatetags.sam import clock, day, quoted


@dataclass(frozen=True)
class NotesOfTable:
    """What lies on one table in one question."""

    title: str
    texts: list[str]


def words_of_note(note: ProtocolNote) -> str:
    """A note as it stands in the document."""
    text = _("(Undanlagd av samtalsledaren)") if note.is_set_aside else note.text
    return _("{text} (inskriven efteråt)").format(text=text) if note.is_late else text


def pdf_data(protocol: Protocol, notes: Iterable[NotesOfTable] = (), *, part: int = 1, of: int = 1) -> dict[str, Any]:
    """The protocol in the words of the reader's language, as the document wants it.

    :param part: of a large hall's several documents: the first has everything but the notes, the others have them.
    """
    when = f"{day(protocol.starts_at)} {clock(protocol.starts_at)}"
    people = ngettext("{n} person", "{n} personer", protocol.people).format(n=protocol.people)
    tables = ngettext("{n} bord", "{n} bord", protocol.tables).format(n=protocol.tables)
    kind = _("Rådgivande") if protocol.is_advisory else _("Beslutande: {who}").format(who=protocol.delegation)
    title = protocol.title
    if of > 1:
        title = _("{title}, del {part} av {of}").format(title=protocol.title, part=part, of=of)
    return {
        "title": title,
        "language": get_language() or "sv",
        "unit": protocol.unit,
        "footer": f"{protocol.unit}, {when}",
        "about": ", ".join(part for part in (when, protocol.place, people, tables, kind) if part),
        "labels": {
            "heard": _("Det här har vi hört"),
            "chosen": _("Det här valdes"),
            "proposals": _("Bordens tre"),
            "lone": _("Ensamma röster"),
            "counter": _("Motröster"),
            "words": _("Det här pratade ni om"),
            "agreements": _("Det här kom ni överens om"),
            "checkout": _("Hur var det att vara med?"),
            "notes": _("Det som lades på borden"),
        },
        "heard": [
            {
                "text": one.words if one.is_pattern else quoted(one.words),
                "by": one.source,
                "behind": [
                    *_behind(_("Besökarna skriver"), one.written),
                    *_behind(_("I vägen, säger besökarna"), one.hindered),
                ],
            }
            for one in (protocol.heard if part == 1 else ())
        ],
        "questions": [
            {
                "text": question.text,
                "chosen": [
                    {
                        "place": each.place,
                        "text": _("(Undanlagd av samtalsledaren)") if each.is_set_aside else each.text,
                        "by": tables_of(each.tables, each.of_tables),
                    }
                    for each in question.chosen
                ],
                "how": how_chosen(question) if question.chosen else "",
                "proposals": [
                    {"text": each.text, "by": ngettext("{n} bord", "{n} bord", each.tables).format(n=each.tables)}
                    for each in question.proposals
                ],
                "lone": [
                    {"text": each.text, "by": _("Motröst") if each.is_counter_voice else _("Sagt av ett enda bord")}
                    for each in question.lone_voices
                ],
                "counter": list(question.counter_voices),
                "words": [f"{word.word} ({word.count})" for word in question.words],
            }
            for question in (protocol.questions if part == 1 else ())
        ],
        "agreements": [
            {
                "text": each.text,
                "by": ". ".join(
                    part
                    for part in (
                        each.owner,
                        _("Ser tillbaka {day}").format(day=day(each.due_on, "short")) if each.due_on else "",
                        becomes_of(each.becomes),
                        outcome_of(each.outcome),
                    )
                    if part
                ),
            }
            for each in (protocol.agreements if part == 1 else ())
        ],
        "checkout": _("Bra {good}, sådär {so_so}, inte bra {bad}, av {n} svar").format(
            good=protocol.checkout.good,
            so_so=protocol.checkout.so_so,
            bad=protocol.checkout.bad,
            n=protocol.checkout.answers,
        )
        if protocol.checkout and part == 1
        else "",
        "notes": [{"table": each.title, "texts": each.texts} for each in notes],
    }


def _behind(label: str, found: Sequence[Behind]) -> list[str]:
    """One line, or none where nothing may be told."""
    return [f"{label}: {', '.join(f'{one.text} {one.count}' for one in found)}"] if found else []


def tables_of(tables: int, of_tables: int) -> str:
    return ngettext("{n} av {of} bord", "{n} av {of} bord", of_tables).format(n=tables, of=of_tables)


def how_chosen(question: ProtocolQuestion) -> str:
    """How many have something among what was chosen, and how it was counted."""
    return f"{strip_tags(cover(question))} {_('Räknat med lika delar.')}"
