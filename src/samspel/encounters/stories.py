"""Reads of stories. One that was withdrawn is no row any more."""

from django.db.models import QuerySet

from samspel.encounters.models import Story

SHOWN_MOST = 6


def published_stories(unit_id: int) -> list[Story]:
    """What a unit shows of what it was told, the newest first."""
    return list(Story.objects.filter(unit_id=unit_id, published_at__isnull=False).order_by("-told_at")[:SHOWN_MOST])


def stories_to_read(unit_id: int) -> QuerySet[Story]:
    """Every story of a unit, the newest first, to be read a page at a time."""
    return Story.objects.filter(unit_id=unit_id).order_by("-told_at", "-pk")
