"""What is printed before a meeting: the QR sheet, everybody's code, and a card for each table."""

import segno
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from samspel.dialogues.documents.render import render_pdf
from samspel.dialogues.letters import address_of, grouped, when_of
from samspel.dialogues.models import Dialogue, Placement
from samspel.dialogues.plan_queries import people_page


def qr_rows(address: str) -> list[str]:
    """A QR code as rows of 0 and 1, for the document to draw."""
    return ["".join("1" if dark else "0" for dark in row) for row in segno.make(address, error="m", micro=False).matrix]


def _about(dialogue: Dialogue) -> dict[str, object]:
    address = address_of(dialogue)
    question = dialogue.questions.first()
    return {
        "language": dialogue.language[:2],
        "code": grouped(dialogue.code),
        "address": f"{settings.SITE_URL.split('://', 1)[-1]}/m",
        "qr": qr_rows(address),
        "question": question.text if question else dialogue.title,
        "when": when_of(dialogue),
        "place": dialogue.place,
        "footer": f"{dialogue.unit.name} · {when_of(dialogue)}",
    }


def codes_pdf(dialogue: Dialogue) -> bytes:
    """A sheet for the door with the code and the QR, then slips with everybody's own code to cut out."""
    with translation.override(dialogue.language):
        rows = people_page(dialogue).people
        data = _about(dialogue) | {
            "title": _("Koder: %(title)s") % {"title": dialogue.title},
            "slips": [
                {
                    "name": row.invitation.name,
                    "unit": row.invitation.unit,
                    "code": grouped(row.invitation.seat_code),
                    "table": row.tables[0] if row.tables else "",
                    "qr": qr_rows(address_of(dialogue, row.invitation.seat_code)),
                }
                for row in rows
            ],
            "labels": {
                "join": _("Var med på din telefon"),
                "how": _("Rikta kameran mot rutan, eller skriv adressen och koden."),
                "address": _("Adress"),
                "code": _("Samtalets kod"),
                "own": _("Din egen kod"),
                "table": _("Bord"),
                "slips": _("En lapp till var och en"),
                "no_phone": _("Har du ingen telefon? Någon vid bordet skriver åt dig."),
                "qr": _("QR-kod till samtalet"),
            },
        }
        return render_pdf("codes", data)


def cards_pdf(dialogue: Dialogue) -> bytes:
    """A folded card for each table: its name, the question, the code and the QR."""
    with translation.override(dialogue.language):
        tables = list(dialogue.tables.all())
        differ = not all(table.is_accessible for table in tables)
        data = _about(dialogue) | {
            "title": _("Bordskort: %(title)s") % {"title": dialogue.title},
            "tables": [
                {
                    "name": table.name,
                    "access": _("Lätt att nå med rullstol eller rollator") if differ and table.is_accessible else "",
                }
                for table in tables
            ],
            "labels": {
                "code": _("Samtalets kod"),
                "address": _("Adress"),
                "how": _(
                    "Först själv, i tysthet. Sedan talar ni en i taget. Alla får tala en gång innan någon talar två."
                ),
                "fold": _("Vik här"),
                "qr": _("QR-kod till samtalet"),
            },
        }
        return render_pdf("cards", data)


def where_pdf(dialogue: Dialogue) -> bytes:
    """The room, and where everybody on the list sits, by name: for the host at the door, not for the wall."""
    with translation.override(dialogue.language):
        tables = list(dialogue.tables.all())
        differ = not all(table.is_accessible for table in tables)
        rows = Placement.objects.filter(table__dialogue=dialogue, seat__invitation__isnull=False, seat__left_at=None)
        sits: dict[int, dict[int, str]] = {}
        for invitation_id, seating, name in rows.values_list("seat__invitation_id", "seating", "table__name"):
            sits.setdefault(invitation_id, {})[seating] = name
        page = people_page(dialogue)
        people = []
        for row in page.people:
            # Who has come sits where she sits now; the others where they are expected.
            now = sits.get(row.invitation.pk)
            names = [now[seating] for seating in sorted(now)] if now else list(row.tables)
            people.append({"name": row.invitation.name, "tables": names})
        seatings = max((len(person["tables"]) for person in people), default=1)
        for person in people:
            person["tables"] = [*person["tables"], *[""] * (seatings - len(person["tables"]))]
        data = _about(dialogue) | {
            "title": _("Vem sitter var: %(title)s") % {"title": dialogue.title},
            "tables": [{"name": table.name, "sizes": "", "offers": differ and table.is_accessible} for table in tables],
            "people": people,
            "labels": {
                "room": _("Rummet"),
                "who": _("Vem sitter var"),
                "ring": _("Tjock ring: lätt att nå med rullstol eller rollator."),
                "round": _("Placering"),
                "table": _("Bord"),
                "person": _("Namn"),
            },
        }
        return render_pdf("room", data)
