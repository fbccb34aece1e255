"""The clock of a step, as phones, tablets and the big screen show it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from samspel.dialogues.models import Dialogue

# A clock that counts minutes is of use in a meeting; over days a date is.
LONGEST_COUNTDOWN = timedelta(hours=3)


@dataclass(frozen=True)
class Clock:
    """The time of a step as the server sees it; the page counts on from here."""

    starts_at: datetime
    ends_at: datetime
    now: datetime
    paused_at: datetime | None
    left_s: int
    left_percent: int

    @property
    def text(self) -> str:
        return f"{self.left_s // 60}:{self.left_s % 60:02}"

    @property
    def is_over(self) -> bool:
        return self.left_s == 0

    @property
    def is_long(self) -> bool:
        """Whether a date says more than minutes and seconds."""
        return self.ends_at - self.starts_at > LONGEST_COUNTDOWN


def clock_of(dialogue: Dialogue, now: datetime) -> Clock | None:
    """The clock of the step that is going on, None when no step is."""
    if dialogue.step_started_at is None or dialogue.step_ends_at is None:
        return None
    at = dialogue.paused_at or now
    whole_s = (dialogue.step_ends_at - dialogue.step_started_at).total_seconds()
    left_s = max(0.0, (dialogue.step_ends_at - at).total_seconds())
    percent = round(100 * min(1.0, left_s / whole_s)) if whole_s > 0 else 0
    return Clock(dialogue.step_started_at, dialogue.step_ends_at, now, dialogue.paused_at, round(left_s), percent)
