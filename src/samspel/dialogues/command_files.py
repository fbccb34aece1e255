"""Files of a dialogue for the command line, which whoever has the installation's database may use."""

import os
import shutil
import time
from pathlib import Path

from django.utils import timezone

from samspel.core.actor import Actor
from samspel.core.errors import NotFoundError
from samspel.dialogues.actions import playing
from samspel.dialogues.models import Dialogue
from samspel.dialogues.pictures import picture_png
from samspel.dialogues.protocol_files import make_file
from samspel.dialogues.public import get_open
from samspel.dialogues.statements import BadRow, read_statements


def _dialogue(number: int) -> Dialogue:
    dialogue = Dialogue.objects.select_related("unit", "step", "template").filter(pk=number).first()
    if dialogue is None:
        raise NotFoundError("dialogue")
    return dialogue


def export(number: int, file: Path, *, picture: str | None, inside: bool) -> int:
    """Save a dialogue by the file's ending; gives the size. The file is written aside and takes its name when whole.

    :raises NotFoundError: there is no such dialogue, kind or picture.
    :raises OSError: it cannot be written.
    """
    dialogue = _dialogue(number)
    if not inside:
        dialogue = get_open(dialogue.slug)
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    kind = file.suffix[1:].lower()
    try:
        if kind == "png":
            aside.write_bytes(picture_png(dialogue, picture or ""))
        else:
            made = make_file(dialogue, "pdf" if kind == "zip" else kind, inside=inside)
            with made.file, aside.open("wb") as whole:
                if Path(made.name).suffix[1:] != kind:
                    raise OSError(f"it becomes a {Path(made.name).suffix} file: give it that ending")
                shutil.copyfileobj(made.file, whole, 1 << 18)
        size = aside.stat().st_size
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)
    return size


def play(number: int, name: str, content: bytes, a_minute: float) -> tuple[int, tuple[BadRow, ...]]:
    """Play a file into a rehearsal and wait until all is played; gives how many, and the rows that could not be.

    :raises NotFoundError: it is no rehearsal.
    :raises InvalidError: the file cannot be read.
    """
    dialogue = _dialogue(number)
    questions = {question.number: question.text for question in dialogue.questions.all()}
    file = read_statements(name, content, questions)
    actor = Actor("person", name="command line", is_administrator=True)
    if not dialogue.is_rehearsal:
        raise NotFoundError("rehearsal")
    if file.good:
        playing.play(actor=actor, dialogue_id=number, statements=file.good, a_minute=a_minute, at=timezone.now())
        while playing.play_due(dialogue_id=number, at=timezone.now()):
            if a_minute:
                time.sleep(min(1.0, 60 / a_minute))
    return len(file.good), file.bad
