"""Days of the example town, counted back from today."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from samspel.encounters.weeks import monday_of


def monday_before(at: datetime, weeks: int) -> date:
    """The Monday so many weeks before this week's."""
    return monday_of(timezone.localdate(at)) - timedelta(weeks=weeks)


def moment_on(day: date, hours: float) -> datetime:
    """So many hours into a day."""
    return timezone.make_aware(datetime.combine(day, time())) + timedelta(hours=hours)
