"""Stories are read before they are shown."""

from datetime import datetime

from django.db import transaction

from samspel.core.actor import Actor
from samspel.core.audit import record
from samspel.core.errors import NotFoundError
from samspel.encounters.models import Story
from samspel.people.access import get_unit


@transaction.atomic
def show_story(*, actor: Actor, unit_id: int, story_id: int, wanted: bool, at: datetime) -> None:
    """Show a story on the unit's page, or no longer. Its words are never changed: consent was given to these.

    :raises NotFoundError: there is no such story, or it has been withdrawn.
    """
    unit = get_unit(actor, unit_id, "story.publish")
    story = Story.objects.select_for_update().filter(pk=story_id, unit=unit).first()
    if story is None:
        raise NotFoundError("story")
    if (story.published_at is not None) == wanted:
        return
    story.published_at = at if wanted else None
    story.save(update_fields=["published_at"])
    record(actor, "story.shown" if wanted else "story.hidden", story, unit=unit.pk)
