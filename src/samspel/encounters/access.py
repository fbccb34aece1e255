"""Who may ask, answer, read and tell; the only way a request gets hold of a point or a round."""

from datetime import datetime

from django.utils.translation import gettext_lazy

from samspel.core.actor import Actor
from samspel.core.errors import NotFoundError
from samspel.core.permissions import allow, may, permission_table
from samspel.encounters.keyed import hash_of
from samspel.encounters.models import Invitation, Point, Round, Service, Signal, Tablet, WaitingTablet
from samspel.people.access import get_unit, roles_in, roles_in_each, site_roles
from samspel.people.queries import name_key, units_with


class NoSuchCodeError(NotFoundError):
    """No poster has the code that was scanned or typed; a tablet's and a link's are none here either."""

    sentence = gettext_lazy("Koden finns inte.")
    advice = gettext_lazy(
        "Jämför med skylten: koden är åtta bokstäver och siffror. Du kan också rikta telefonens kamera mot rutan på"
        " skylten. Går det ändå inte är skylten gammal. Säg gärna till dem som satte upp den."
    )


PERMISSIONS = permission_table(
    "encounters",
    [
        # answering
        allow(
            "encounter.answer",
            "visitor person participant",
            why="Anybody tells how a meeting was, without an account",
        ),
        allow(
            "encounter.answer_staff",
            "member manager facilitator administrator",
            why="Whoever received somebody tells her own side of the meeting",
        ),
        allow("story.tell", "visitor person participant", why="Anybody may tell of a meeting"),
        allow(
            "story.withdraw",
            "visitor person participant",
            why="Who told it has the code, and needs no account",
        ),
        allow(
            "signal.note",
            "member manager facilitator administrator",
            why="Whoever meets people may note what she heard",
        ),
        allow(
            "signal.erase",
            "manager facilitator administrator",
            why="Words that turn out to point at somebody are taken away; who noted them herself may too",
        ),
        allow("encounter.take_in", "analyst administrator", why="Files and other systems tell much at once, unseen"),
        # asking
        allow(
            "point.read",
            "member manager facilitator administrator",
            why="Everybody in a unit knows where people are asked",
        ),
        allow("point.manage", "manager administrator", why="Who leads the unit decides where and how often it asks"),
        allow(
            "tablet.wait",
            "visitor person participant",
            why="A tablet that nobody has set up is nobody's; its code opens nothing until a manager takes it",
        ),
        allow("encounters.setup", "administrator", why="Services, factors, areas and languages are the municipality's"),
        # figures
        allow(
            "figures.unit",
            "member manager facilitator analyst administrator",
            why="A unit's figures are first its own: of those who work there, lead it, or help it read them",
        ),
        allow(
            "figures.open",
            "visitor person participant",
            why="Services' and the city's figures are open, with the public threshold",
        ),
        # what became of it
        allow("round.manage", "manager administrator", why="Who leads the unit answers for what it does"),
        allow(
            "round.read",
            "visitor person participant",
            why="Who answered may see what was heard and done, without an account",
        ),
        allow("reason.write", "manager administrator", why="Who leads a unit that gives the service answers for it"),
        allow("story.publish", "manager facilitator administrator", why="A story is read before it is shown"),
    ],
)


def get_service(actor: Actor, key: str, act: str) -> Service:
    """A service by its key. ``reason.write`` is for those who lead a unit that asks about it."""
    service = Service.objects.filter(key=key, closed_at=None).first()
    if service is None:
        raise NotFoundError("service")
    if act == "reason.write" and not may_write_reasons(actor, service):
        raise NotFoundError("service")
    return service


def services_by_name() -> list[Service]:
    """All that people come for now; open to everybody."""
    return sorted(Service.objects.filter(closed_at=None), key=lambda one: name_key(one.name))


def may_write_reasons(actor: Actor, service: Service) -> bool:
    if not actor.is_signed_in:
        return False
    if may(site_roles(actor), "reason.write"):
        return True
    units = units_with(Point.objects.filter(service=service).values_list("unit_id", flat=True))
    return any(may(roles, "reason.write") for roles in roles_in_each(actor, units).values())


def may_erase(actor: Actor, signal: Signal) -> bool:
    """Whether the actor may take the words of a signal away: those that she noted, or her unit's."""
    roles = roles_in(actor, signal.unit)
    is_own = actor.person_id is not None and signal.noted_by_id == actor.person_id
    return not signal.is_pattern and (may(roles, "signal.erase") or (is_own and may(roles, "signal.note")))


def get_point(actor: Actor, unit_id: int, point_id: int, act: str, *, lock: bool = False) -> Point:
    """A point of a unit in which the actor may do ``act``."""
    unit = get_unit(actor, unit_id, act)
    points = Point.objects.select_for_update() if lock else Point.objects.all()
    point = points.filter(pk=point_id, unit=unit).first()
    if point is None:
        raise NotFoundError("point")
    return point


def get_round(actor: Actor, unit_id: int, number: int, act: str, *, lock: bool = False) -> Round:
    """A unit's round by its number, where the actor may do ``act``."""
    unit = get_unit(actor, unit_id, act)
    rounds = Round.objects.select_for_update() if lock else Round.objects.all()
    found = rounds.filter(unit=unit, number=number).first()
    if found is None:
        raise NotFoundError("round")
    return found


def get_tablet(secret: str) -> Tablet:
    """The tablet whose page this is, with its point; a closed one too, which may have answers to send yet."""
    tablet = Tablet.objects.select_related("point__unit").filter(secret=hash_of("tablet", secret)).first()
    if tablet is None:
        raise NotFoundError("tablet")
    return tablet


def is_tablet(secret: str) -> bool:
    """Whether somebody has set up the tablet that has this secret."""
    return Tablet.objects.filter(secret=hash_of("tablet", secret)).exists()


def find_waiting_tablet(secret: str, at: datetime) -> WaitingTablet | None:
    """The tablet that waits with this secret, while its code holds."""
    return WaitingTablet.objects.filter(secret=hash_of("tablet", secret), expires_at__gt=at).first()


def get_invitation(secret: str) -> Invitation:
    """The link in somebody's SMS or letter, with its point; one that is over too, to be told so."""
    invitation = Invitation.objects.select_related("point__unit").filter(secret=hash_of("link", secret)).first()
    if invitation is None:
        raise NotFoundError("link")
    return invitation


def get_point_to_tap(code: str) -> Point:
    """The point that a poster or a staff member's phone leads to; the two other kinds have addresses of their own."""
    point = get_point_by_code(code)
    if point.kind == Point.Kind.LINK:
        raise NoSuchCodeError("point")
    return point


def get_point_by_code(code: str) -> Point:
    """A point that somebody has answered at on a device of her own, and may tell more."""
    kinds = [Point.Kind.WALL, Point.Kind.STAFF, Point.Kind.LINK]
    point = Point.objects.select_related("unit").filter(code=code, kind__in=kinds).first()
    if point is None:
        raise NoSuchCodeError("point")
    return point
