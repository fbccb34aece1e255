"""Pages of people: the account, and the administrator's pages for units, persons, staff lists and defaults."""

from allauth.account.forms import ResetPasswordForm
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from samspel.core import defaults
from samspel.core.actor import Request
from samspel.core.errors import InvalidError, NotFoundError
from samspel.core.models import Default
from samspel.core.numbers import number_of
from samspel.people import actions
from samspel.people.access import get_person_to_change, require
from samspel.people.forms import whole_number
from samspel.people.importing import parse_staff
from samspel.people.models import Person, Provider, Role, Unit
from samspel.people.queries import unit_tree


@require_http_methods(["GET", "HEAD", "POST"])
def account(request: Request) -> HttpResponse:
    """One's own name, language, roles and sign-in."""
    person = Person.objects.get(pk=request.actor.own_id)
    fields: dict[str, str] = {}
    if request.method == "POST":
        language = request.POST.get("language", "")
        try:
            actions.change_self(actor=request.actor, name=request.POST.get("name", ""), language=language)
        except InvalidError as error:
            fields = error.fields
        else:
            messages.success(request, _("Sparat."))
            response = redirect("account")
            if language in dict(settings.LANGUAGES):
                response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=31536000, samesite="Lax")
            return response
    roles = Role.objects.filter(person=person).select_related("unit").order_by("unit__name", "kind")
    return render(
        request, "people/account.html", {"person": person, "roles": roles, "fields": fields, "section": "account"}
    )


@require_GET
def administration(request: Request) -> HttpResponse:
    require(request.actor, "person.change")
    return render(request, "people/administration.html", {"section": "administration"})


@require_http_methods(["GET", "HEAD", "POST"])
def unit_list(request: Request) -> HttpResponse:
    """The tree of units; adding one."""
    require(request.actor, "unit.change")
    fields: dict[str, str] = {}
    if request.method == "POST":
        try:
            actions.add_unit(
                actor=request.actor, name=request.POST.get("name", ""), parent_id=whole_number(request, "parent")
            )
        except InvalidError as error:
            fields = error.fields
        else:
            messages.success(request, _("Enheten finns nu."))
            return redirect("unit_list")
    people = dict(Unit.objects.annotate(people=Count("roles__person", distinct=True)).values_list("pk", "people"))
    return render(
        request,
        "people/unit_list.html",
        {
            "tree": [(branch, people.get(branch.unit.pk, 0)) for branch in unit_tree()],
            "closed": Unit.objects.exclude(closed_at=None).order_by("name"),
            "fields": fields,
            "typed": request.POST,
            "section": "administration",
        },
        status=422 if fields else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def unit_change(request: Request, unit_id: int) -> HttpResponse:
    require(request.actor, "unit.change")
    unit = Unit.objects.filter(pk=unit_id).first()
    if unit is None:
        raise NotFoundError("unit")
    fields: dict[str, str] = {}
    if request.method == "POST":
        try:
            actions.change_unit(
                actor=request.actor,
                unit_id=unit_id,
                name=request.POST.get("name", ""),
                parent_id=whole_number(request, "parent"),
                is_closed=request.POST.get("closed") == "on",
                at=timezone.now(),
            )
        except InvalidError as error:
            fields = error.fields
        else:
            messages.success(request, _("Sparat."))
            return redirect("unit_list")
    others = [branch for branch in unit_tree() if f"/{unit.pk}/" not in branch.unit.path]
    return render(
        request,
        "people/unit_change.html",
        {"unit": unit, "others": others, "fields": fields, "section": "administration"},
        status=422 if fields else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def provider_list(request: Request) -> HttpResponse:
    """Who performs, apart from the units; adding one."""
    require(request.actor, "unit.change")
    fields: dict[str, str] = {}
    if request.method == "POST":
        try:
            actions.add_provider(
                actor=request.actor,
                name=request.POST.get("name", ""),
                kind=request.POST.get("kind", ""),
                unit_id=whole_number(request, "unit"),
            )
        except InvalidError as error:
            fields = error.fields
        else:
            messages.success(request, _("Utföraren finns nu."))
            return redirect("provider_list")
    return render(
        request,
        "people/provider_list.html",
        {
            "providers": Provider.objects.select_related("unit").order_by("name"),
            "kinds": Provider.Kind.choices,
            "tree": unit_tree(),
            "fields": fields,
            "typed": request.POST,
            "section": "administration",
        },
        status=422 if fields else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def person_list(request: Request) -> HttpResponse:
    """Persons, found by name, address or unit; adding one."""
    require(request.actor, "person.change")
    fields: dict[str, str] = {}
    if request.method == "POST":
        try:
            person = actions.add_person(
                actor=request.actor,
                name=request.POST.get("name", ""),
                email=request.POST.get("email", ""),
                profession=request.POST.get("profession", ""),
            )
        except InvalidError as error:
            fields = error.fields
        else:
            send_password_link(request, person)
            messages.success(
                request, _("Kontot finns, och en länk för att välja lösenord är skickad. Ge personen roller här.")
            )
            return redirect("person_change", person.pk)
    words = request.GET.get("q", "").strip()[:80]
    found = Person.objects.order_by("name", "pk").prefetch_related("roles__unit")
    if words:
        found = found.filter(
            Q(name__icontains=words) | Q(email__icontains=words) | Q(roles__unit__name__icontains=words)
        ).distinct()
    page = Paginator(found, 50).get_page(request.GET.get("page"))
    return render(
        request,
        "people/person_list.html",
        {"page": page, "words": words, "fields": fields, "typed": request.POST, "section": "administration"},
        status=422 if fields else 200,
    )


def send_password_link(request: HttpRequest, person: Person) -> None:
    """The ordinary password-reset letter: a link that lives for a while."""
    form = ResetPasswordForm({"email": person.email})
    if form.is_valid():
        form.save(request)


@require_http_methods(["GET", "HEAD", "POST"])
def person_change(request: Request, person_id: int) -> HttpResponse:
    """One person's account and roles."""
    person = get_person_to_change(request.actor, person_id)
    fields: dict[str, str] = {}
    if request.method == "POST":
        try:
            actions.change_person(
                actor=request.actor,
                person_id=person_id,
                name=request.POST.get("name", ""),
                profession=request.POST.get("profession", ""),
                is_active=request.POST.get("is_active") == "on",
                is_administrator=request.POST.get("is_administrator") == "on",
            )
        except InvalidError as error:
            fields = error.fields
        else:
            messages.success(request, _("Sparat."))
            return redirect("person_change", person_id)
    by_unit: dict[int, tuple[Unit, set[str]]] = {}
    for role in Role.objects.filter(person=person).select_related("unit").order_by("unit__name"):
        by_unit.setdefault(role.unit_id, (role.unit, set()))[1].add(role.kind)
    return render(
        request,
        "people/person_change.html",
        {
            "person": person,
            "by_unit": list(by_unit.values()),
            "kinds": Role.Kind.choices,
            "tree": [branch for branch in unit_tree() if branch.unit.pk not in by_unit],
            "fields": fields,
            "section": "administration",
        },
        status=422 if fields else 200,
    )


@require_POST
def person_roles(request: Request, person_id: int) -> HttpResponse:
    unit_id = whole_number(request, "unit")
    if unit_id is None:
        raise InvalidError(fields={"unit": _("Välj enhet.")})
    actions.set_roles(
        actor=request.actor, person_id=person_id, unit_id=unit_id, kinds=set(request.POST.getlist("roles"))
    )
    messages.success(request, _("Rollerna är sparade."))
    return redirect("person_change", person_id)


@require_POST
def person_link(request: Request, person_id: int) -> HttpResponse:
    person = get_person_to_change(request.actor, person_id)
    send_password_link(request, person)
    messages.success(request, _("En länk för att välja lösenord är skickad till {email}.").format(email=person.email))
    return redirect("person_change", person_id)


@require_http_methods(["GET", "HEAD", "POST"])
def staff_import(request: Request) -> HttpResponse:
    """A staff list from CSV or Excel: the good rows go in, the bad ones are told."""
    require(request.actor, "staff.import")
    done, fields = None, {}
    if request.method == "POST":
        file = request.FILES.get("file")
        try:
            if file is None:
                raise InvalidError(fields={"file": _("Välj en fil.")})
            good, bad = parse_staff(file.name or "", file.read())
            done = actions.import_staff(actor=request.actor, good=good, bad=bad)
        except InvalidError as error:
            fields = error.fields
    return render(
        request,
        "people/staff_import.html",
        {"done": done, "fields": fields, "section": "administration"},
        status=422 if fields else 200,
    )


@require_GET
def staff_template(request: Request) -> HttpResponse:
    """An example of the file, to fill in."""
    require(request.actor, "staff.import")
    rows = (
        "name;email;unit;parent;profession;roles\n"
        "Karin Ek;karin.ek@kommunen.se;Vägledningscentrum;Arbete och välfärd;samordnare;member|facilitator\n"
    )
    response = HttpResponse("\ufeff" + rows, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="personal.csv"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def default_list(request: Request) -> HttpResponse:
    """The municipality's defaults, each with its reason beside it."""
    require(request.actor, "defaults.change")
    fields: dict[str, str] = {}
    if request.method == "POST":
        key = request.POST.get("key", "")
        number = number_of(request.POST.get("number", "").strip())
        try:
            if number is None:
                raise InvalidError(fields={key: _("Skriv ett helt tal.")})
            defaults.change_default(
                actor=request.actor,
                key=key,
                number=number,
                reason=request.POST.get("reason", ""),
                at=timezone.now(),
            )
        except InvalidError as error:
            fields = error.fields
        else:
            messages.success(request, _("Sparat."))
            return redirect("default_list")
    rows = {row.pk: row for row in Default.objects.select_related("changed_by")}
    return render(
        request,
        "people/default_list.html",
        {
            "specs": [(spec, rows.get(spec.key)) for spec in defaults.SPECS.values()],
            "fields": fields,
            "typed": request.POST,
            "section": "administration",
        },
        status=422 if fields else 200,
    )
