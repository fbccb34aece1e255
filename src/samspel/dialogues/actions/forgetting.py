"""When a meeting is closed the rows stop telling who said what.

While it goes on a thought belongs to a seat: its author marks, shares and takes it home, and a table counts «four of
five». Afterwards nobody needs to know, so nobody can: neither who reads the protocol nor who has a copy of the
database. What remains is what was said, at which table, and who was there. The author's own device still finds her
thoughts (``sealing.author_token``).
"""

from datetime import UTC

from django.db.models.functions import TruncDay

from samspel.dialogues.models import Ballot, CounterVoice, Dialogue, Mark, Note, Ready, Sitting


def forget_who_said_what(dialogue: Dialogue) -> None:
    """Cut what ties words, marks and ballots to seats. Done again it changes nothing.

    - Notes lose their seat and the hour, which would tell beside other rows' hours; which of them a host wrote for
      somebody would tell at a table with one such person, and so would the language it was said in.
    - Marks are gone: what they came to stands in the tables' threes. Ballots stay, as slips in a box do.
    - Who was reason advocate is forgotten with the lot's seed, from which it could be drawn again: the counter-voice
      stays without a name. What a table wrote to call the leader is erased: the audit trail knows who called.

    The caller holds the dialogue's lock.
    """
    notes = Note.objects.filter(dialogue=dialogue)
    notes.exclude(seat=None).update(seat=None, written_at=_day("written_at"), shared_at=_day("shared_at"))
    notes.filter(source=Note.Source.HOST).update(source=Note.Source.PHONE)
    notes.exclude(language="").update(language="")
    CounterVoice.objects.filter(dialogue=dialogue).update(said_at=_day("said_at"))
    Mark.objects.filter(note__dialogue=dialogue).delete()
    Ready.objects.filter(step__dialogue=dialogue).delete()
    Ballot.objects.filter(dialogue=dialogue).update(seat=None, cast_at=_day("cast_at"))
    Sitting.objects.filter(table__dialogue=dialogue).update(
        pen=None,
        pen_asked_by=None,
        advocate=None,
        advocate_seed=0,
        help_asked_at=None,
        help_words="",
        help_taken_by="",
    )


def _day(name: str) -> TruncDay:
    """The day that it began in UTC. The database would take another zone's midnight for one in UTC, hours later."""
    return TruncDay(name, tzinfo=UTC)
