"""What becomes of an answer afterwards, wherever it lies: set aside, counted again, or erased.

What rests in a file is amended at the next compaction, which writes its day anew.
"""

from datetime import date, datetime

from django.db import transaction

from samspel.encounters.models import Amendment, Answer


@transaction.atomic
def set_aside(key: str, *, day: date, aside: str, at: datetime) -> None:
    """Not counted any more, and why; ``""`` counts it again."""
    # A row that is leaving for its file just now is waited for: then it is there no more, and is amended there.
    if not Answer.objects.filter(key=key).update(aside=aside):
        Amendment.objects.update_or_create(key=key, defaults={"day": day, "aside": aside, "made_at": at})


@transaction.atomic
def erase(key: str, *, day: date, at: datetime) -> None:
    """Gone, from the database at once and from its file with its next version."""
    gone, _ = Answer.objects.filter(key=key).delete()
    if not gone:
        Amendment.objects.update_or_create(key=key, defaults={"day": day, "is_erased": True, "made_at": at})
