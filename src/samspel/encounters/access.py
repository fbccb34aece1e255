"""Who may ask, answer, read and tell; the only way a request gets hold of a point or a round."""

from samspel.core.actor import Actor
from samspel.core.errors import NotFoundError
from samspel.core.permissions import allow, permission_table
from samspel.encounters.models import Point, Round
from samspel.people.access import get_unit

PERMISSIONS = permission_table(
    "encounters",
    [
        # answering
        allow(
            "encounter.answer",
            "visitor person participant",
            why="Anybody tells how a meeting was, without an account",
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
        # asking
        allow(
        allow("encounter.take_in", "analyst administrator", why="Files and other systems tell much at once, unseen"),
            "point.read",
            "member manager facilitator administrator",
            why="Everybody in a unit knows where people are asked",
        ),
        allow("point.manage", "manager administrator", why="Who leads the unit decides where and how often it asks"),
        # figures
        allow(
            "figures.unit",
            "member manager facilitator analyst administrator",
            why="A unit's figures are first its own: of those who work there, lead it, or help it read them",
        ),
        # what became of it
        allow("round.manage", "manager administrator", why="Who leads the unit answers for what it does"),
        allow(
            "round.read",
            "visitor person participant",
            why="Who answered may see what was heard and done, without an account",
        ),
        allow("story.publish", "manager facilitator administrator", why="A story is read before it is shown"),
    ],
)


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


def get_point_by_code(code: str) -> Point:
    """The point that a poster or a staff member's phone leads to; the two other kinds have addresses of their own."""
    kinds = [Point.Kind.WALL, Point.Kind.STAFF]
    point = Point.objects.select_related("unit").filter(code=code, kind__in=kinds).first()
    if point is None:
        raise NotFoundError("point")
    return point
