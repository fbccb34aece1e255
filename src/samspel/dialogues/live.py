"""What the dialogue tells browsers: small events with ids and counts, never words.

Each page fetches its own fragment through the ordinary access check. Names and who hears them:

========== ======================= =========================================
step       all                     the step or its time changed
people     console, screen         somebody came, left or is ready (counts)
table      person, console         something changed at one table (its id)
notes      console                 how many have written (counts)
result     all                     ballots, choice, reveal, lone voices
screen     screen, console         what the hall sees
agreements all                     agreements and check-out
========== ======================= =========================================
"""

from collections.abc import Mapping
from typing import Literal

from samspel.dialogues.models import Dialogue
from samspel.live.publish import Event, publish_on_commit

Name = Literal["step", "people", "table", "notes", "result", "screen", "agreements"]
HEARD_BY: dict[str, tuple[Literal["person", "console", "screen"], ...]] = {
    "step": ("person", "console", "screen"),
    "people": ("console", "screen"),
    "table": ("person", "console"),
    "notes": ("console",),
    "result": ("person", "console", "screen"),
    "screen": ("screen", "console"),
    "agreements": ("person", "console", "screen"),
}


def tell(dialogue: Dialogue, name: Name, **data: int) -> None:
    """Announce a change in a dialogue; it leaves with the commit, as the last thing an action does."""
    values: Mapping[str, int] = data
    publish_on_commit(Event(dialogue.room, name, HEARD_BY[name], values))
