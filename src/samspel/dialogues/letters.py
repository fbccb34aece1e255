"""The invitation: what it says, and its calendar entry."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from samspel.core.installation import installation
from samspel.dialogues.models import Dialogue, Invitation
from samspel.ui.templatetags.sam import clock, day


@dataclass(frozen=True)
class Letter:
    """A letter with its calendar entry."""

    subject: str
    text: str
    calendar: bytes


def minutes_of(dialogue: Dialogue) -> int:
    """How long the whole plan takes."""
    return sum(step.minutes for step in dialogue.steps.all())


def ends_at(dialogue: Dialogue) -> datetime:
    return dialogue.starts_at + timedelta(minutes=minutes_of(dialogue))


def address_of(dialogue: Dialogue, seat_code: str = "") -> str:
    """Where one joins; with a seat code it leads to one's own place."""
    place = f"?plats={seat_code}" if seat_code else ""
    return f"{settings.SITE_URL}/m/{dialogue.code}/{place}"


def grouped(code: str) -> str:
    """A code in two groups."""
    half = len(code) // 2
    return f"{code[:half]} {code[half:]}"


def when_of(dialogue: Dialogue) -> str:
    """«torsdag 2 april 13.00–14.00», or from and to on different days."""
    starts, ends = dialogue.starts_at, ends_at(dialogue)
    if timezone.localtime(starts).date() == timezone.localtime(ends).date():
        return f"{day(starts)} {clock(starts)}–{clock(ends)}"
    return _("%(from)s till %(to)s") % {
        "from": f"{day(starts)} {clock(starts)}",
        "to": f"{day(ends)} {clock(ends)}",
    }


def invitation_letter(
    dialogue: Dialogue, invitation: Invitation, at: datetime, *, contact: str | None = None
) -> Letter:
    """The letter to one person, in the dialogue's language.

    :param contact: whom to ask in the municipality; read when it is not given.
    """
    with translation.override(dialogue.language):
        questions = [question.text for question in dialogue.questions.all()]
        parts = [
            _("Hej %(name)s!") % {"name": invitation.name},
            _("Du är inbjuden till ett samtal i %(unit)s. Vi ska tala om:") % {"unit": dialogue.unit.name},
            "\n".join(f"   {text}" for text in questions),
            _facts(dialogue),
            _(
                "Först tänker du själv en stund, sedan talar ni vid bordet, och till sist väljer vi tillsammans. "
                "Det du skriver för dig själv ser ingen annan förrän du väljer att dela det."
            ),
            _("Så kommer du in. Öppna länken på din telefon när vi börjar, den leder till din egen plats:")
            + "\n"
            + address_of(dialogue, invitation.seat_code),
            _("Din egen kod är %(seat)s, om du hellre skriver in den. Samtalets kod är %(code)s.")
            % {"seat": grouped(invitation.seat_code), "code": grouped(dialogue.code)},
            _needs(read_contact() if contact is None else contact),
        ]
        return Letter(
            subject=_("Samtal %(when)s: %(title)s")
            % {"when": day(dialogue.starts_at), "title": questions[0] if questions else dialogue.title},
            text="\n\n".join(part for part in parts if part) + "\n",
            calendar=calendar_entry(dialogue, invitation, at),
        )


def _facts(dialogue: Dialogue) -> str:
    lines = [_("När: %(when)s") % {"when": when_of(dialogue)}]
    if dialogue.place:
        lines.append(_("Var: %(place)s") % {"place": dialogue.place})
    return "\n".join(lines)


def _needs(contact: str) -> str:
    text = _(
        "Behöver du tolk, hörslinga eller något annat för att kunna vara med? Säg till, så ordnar vi det. "
        "Du kan också vara med utan telefon."
    )
    return f"{text}\n{contact}" if contact else text


def read_contact() -> str:
    """Whom to ask in the municipality, as it says itself."""
    return installation().contact


# ---------------------------------------------------------------- calendar (RFC 5545)


def calendar_entry(dialogue: Dialogue, invitation: Invitation, at: datetime) -> bytes:
    """One VEVENT. The same person and dialogue have the same UID, so that a new time replaces the old one."""
    with translation.override(dialogue.language):
        question = dialogue.questions.first()
        summary = question.text if question else dialogue.title
        address = address_of(dialogue, invitation.seat_code)
        about = _("Din egen kod: %(seat)s. Länken leder till din plats: %(address)s") % {
            "seat": grouped(invitation.seat_code),
            "address": address,
        }
    sequence = max(0, int((at - dialogue.created_at).total_seconds()) // 60)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Samspel//Samtal//SV",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{dialogue.slug}-{invitation.pk}@{_host()}",
        f"DTSTAMP:{_utc(at)}",
        f"SEQUENCE:{sequence}",
        f"DTSTART:{_utc(dialogue.starts_at)}",
        f"DTEND:{_utc(ends_at(dialogue))}",
        f"SUMMARY:{_escaped(summary)}",
        *([f"LOCATION:{_escaped(dialogue.place)}"] if dialogue.place else []),
        f"DESCRIPTION:{_escaped(about)}",
        f"URL:{address}",
        "TRANSP:OPAQUE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(_folded(line) + "\r\n" for line in lines).encode()


def _host() -> str:
    return settings.SITE_URL.split("://", 1)[-1].split("/", 1)[0].split(":", 1)[0] or "samspel"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    """TEXT values: backslash, semicolon, comma and line breaks are escaped; other control signs are left out."""
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")
    return "".join(sign for sign in text if sign >= " ")


def _folded(line: str) -> str:
    """At most 75 octets a line, never cutting a letter in two."""
    pieces: list[str] = []
    piece, size, room = "", 0, 75
    for sign in line:
        octets = len(sign.encode())
        if size + octets > room:
            pieces.append(piece)
            piece, size, room = "", 0, 74  # the blank that begins a continued line counts
        piece += sign
        size += octets
    pieces.append(piece)
    return "\r\n ".join(pieces)
