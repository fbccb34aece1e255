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
from samspel.dialogues.pictures import picture_png, pictures_of
from samspel.dialogues.protocol_files import WRITERS, make_file
from samspel.dialogues.public import get_open
from samspel.dialogues.statements import BadRow, read_statements

ENDINGS = (*WRITERS, "zip", "png")


class AskedError(Exception):
    """What the command was asked for is not to be had; the text says what and why.

    Whoever has the database may know what there is: the pages' sentence for what is missing or hidden is not for her.
    """


def _dialogue(number: int) -> Dialogue:
    dialogue = Dialogue.objects.select_related("unit", "step", "template").filter(pk=number).first()
    if dialogue is None:
        raise AskedError(f"there is no dialogue {number}")
    return dialogue


def export(number: int, file: Path, *, picture: str | None, inside: bool) -> int:
    """Save a dialogue by the file's ending; gives the size. The file is written aside and takes its name when whole.

    :raises AskedError: there is no such dialogue, ending or picture, or it is not open to all.
    :raises OSError: it cannot be written.
    """
    kind = file.suffix[1:].lower()
    if kind not in ENDINGS:
        *most, last = (f".{ending}" for ending in ENDINGS)
        raise AskedError(f"the file's ending must be {', '.join(most)} or {last}, not “{file.suffix}”")
    if (kind == "png") != (picture is not None):
        raise AskedError("a .png is one picture: name it with --picture, and only then")
    dialogue = _dialogue(number)
    if not inside:
        dialogue = _open(dialogue)
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        if picture is not None:
            aside.write_bytes(_picture(dialogue, picture))
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


def _open(dialogue: Dialogue) -> Dialogue:
    try:
        return get_open(dialogue.slug)
    except NotFoundError as error:
        raise AskedError(f"dialogue {dialogue.pk} has nothing that is open to all") from error


def _picture(dialogue: Dialogue, name: str) -> bytes:
    try:
        return picture_png(dialogue, name)
    except NotFoundError as error:
        there = ", ".join(picture.name for picture in pictures_of(dialogue)) or "none yet"
        raise AskedError(f"dialogue {dialogue.pk} has no picture “{name}” (it has {there})") from error


def play(number: int, name: str, content: bytes, a_minute: float) -> tuple[int, tuple[BadRow, ...]]:
    """Play a file into a rehearsal and wait until all is played; gives how many, and the rows that could not be.

    :raises AskedError: there is no such dialogue, or it is no rehearsal: nothing is played into a real meeting.
    :raises InvalidError: the file cannot be read.
    """
    dialogue = _dialogue(number)
    if not dialogue.is_rehearsal:
        raise AskedError(f"dialogue {number} is no rehearsal, and nothing is played into a real meeting")
    questions = {question.number: question.text for question in dialogue.questions.all()}
    file = read_statements(name, content, questions)
    actor = Actor("person", name="command line", is_administrator=True)
    if file.good:
        playing.play(actor=actor, dialogue_id=number, statements=file.good, a_minute=a_minute, at=timezone.now())
        while playing.play_due(dialogue_id=number, at=timezone.now()):
            if a_minute:
                time.sleep(min(1.0, 60 / a_minute))
    return len(file.good), file.bad
