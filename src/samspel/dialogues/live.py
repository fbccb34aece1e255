"""What the dialogue tells browsers: small events with ids and counts, never words.

Each page fetches its own fragment through the ordinary access check. Names, who hears them, and what they carry:

========== =============== ========= ======================================
step       all             ``step``  the step or its time changed
people     console, screen           somebody came, left, is ready or cast a ballot
table      person, console ``table`` something changed at one table
notes      console                   somebody wrote, or took a thought away
result     all                       ballots, choice, reveal, lone voices
screen     screen, console           what the hall sees
themes     screen, console           notes found their themes, or a leader moved some
agreements all                       agreements and check-out
========== =============== ========= ======================================

``step`` and ``table`` carry the id they are named for, 0 for a step that is none; the others carry nothing, the page
that hears them counts for itself.
"""

from collections.abc import Mapping
from typing import Literal

from samspel.dialogues.models import Dialogue
from samspel.live.publish import Event, publish_on_commit

Name = Literal["step", "people", "table", "notes", "result", "screen", "themes", "agreements"]
HEARD_BY: dict[str, tuple[Literal["person", "console", "screen"], ...]] = {
    "step": ("person", "console", "screen"),
    "people": ("console", "screen"),
    "table": ("person", "console"),
    "notes": ("console",),
    "result": ("person", "console", "screen"),
    "screen": ("screen", "console"),
    "themes": ("screen", "console"),
    "agreements": ("person", "console", "screen"),
}


def tell(dialogue: Dialogue, *names: Name, **data: int) -> None:
    """Announce what changed in a dialogue, as the last thing an action does; it leaves with the commit.

    The room is locked from here to the commit, so nothing is read or written after it.
    :param data: ``step`` and ``table``, for the events of those names.
    """
    publish_on_commit(*(Event(dialogue.room, name, HEARD_BY[name], _carried(name, data)) for name in names))


def _carried(name: Name, data: Mapping[str, int]) -> Mapping[str, int]:
    return {key: number for key, number in data.items() if key == name}
