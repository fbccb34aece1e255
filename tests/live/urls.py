"""A few pages, so that tests can post as a phone does, listen as a browser does, and write as a person does."""

import json
from pathlib import Path

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.html import escape

from samspel.live.publish import Event, publish_on_commit
from samspel.live.queries import line_to
from samspel.live.tickets import issue_ticket

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "src" / "samspel" / "ui" / "scripts"
POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; form-action 'self'"
# What was received, by its key: what a table with a unique column is in the product.
NOTES: dict[str, str] = {}


@transaction.atomic
def say(request: HttpRequest, room: str) -> HttpResponse:
    """Publish what the body says: ``{"name": …, "audiences": […], "data": {…}}``."""
    said = json.loads(request.body)
    (number,) = publish_on_commit(Event(room, said["name"], tuple(said["audiences"]), said.get("data", {})))
    return JsonResponse({"number": number})


def listen(request: HttpRequest, room: str) -> HttpResponse:
    """A page with a line. ``?expired`` gives it a ticket that has ended."""
    line = line_to(room, "person", hint="7")
    ticket = issue_ticket(room, "person", now_s=1) if "expired" in request.GET else line.ticket
    return page(
        f'<body data-live="{line.url}" data-live-ticket="{ticket}" data-live-since="{line.since}"'
        f' data-live-ticket-url="/ticket/{room}" data-live-delay="50">'
        '<script src="/scripts/record.js"></script><script src="/scripts/live.js"></script>'
    )


def ticket(request: HttpRequest, room: str) -> HttpResponse:
    return JsonResponse({"ticket": issue_ticket(room, "person", hint="7")})


def write(request: HttpRequest, seat: str) -> HttpResponse:
    """A page to write on, with what was received."""
    items = "".join(f"<li>{escape(text)}</li>" for text in NOTES.values())
    scope = f"dialogue:1:seat:{seat}"
    return page(
        f'<body data-outbox="{scope}"><ol id="notes">{items}</ol>'
        f'<form method="post" action="/notes" data-draft="{scope}:note" data-send="{scope}:notes"'
        ' data-send-target="#notes" data-send-swap="beforeend">'
        '<textarea name="text"></textarea><input type="hidden" name="key" value="made-by-the-server">'
        '<button name="how" value="private">Spara</button>'
        '<p role="status" data-draft-status data-saving="Sparas" data-saved="Sparat här" data-queued="Väntar"'
        ' data-sent="Skickat" data-failed="Det gick inte"></p>'
        '<a href="#" data-draft-download download="text.txt" hidden>Ladda ner</a><ul id="waiting"></ul>'
        '<template data-send-pending="#waiting"><li><span data-text></span></li></template></form>'
        '<script src="/scripts/drafts.js"></script>'
    )


def notes(request: HttpRequest) -> HttpResponse:
    """Receive a note once. Texts that begin with a status are refused with it."""
    text = request.POST["text"]
    if text[:3].isdigit():
        problem = {"title": f"Nej, {text[:3]}", "status": int(text[:3])}
        return JsonResponse(problem, status=int(text[:3]), content_type="application/problem+json")
    NOTES.setdefault(request.POST["key"], text)
    return HttpResponse(f"<li>{escape(text)}</li>")


def script(request: HttpRequest, name: str) -> HttpResponse:
    source = RECORD if name == "record" else (SCRIPTS / f"{name}.js").read_text(encoding="utf-8")
    return HttpResponse(source, content_type="text/javascript")


def page(body: str) -> HttpResponse:
    response = HttpResponse(f'<!doctype html><html lang="sv"><title>Prov</title>{body}</body></html>')
    response["Content-Security-Policy"] = POLICY
    return response


RECORD = """
window.heard = [];
window.links = [];
for (const name of ['note', 'step', 'poll', 'reload', 'gone']) {
  document.body.addEventListener('live:' + name, ({ detail }) => window.heard.push([name, detail.id || 0]));
}
document.body.addEventListener('live:link', ({ detail }) => window.links.push(detail.state));
"""

urlpatterns = [
    path("say/<str:room>", say),
    path("listen/<str:room>", listen),
    path("ticket/<str:room>", ticket),
    path("write/<str:seat>", write),
    path("notes", notes),
    path("scripts/<str:name>.js", script),
]
