"""Tables of live delivery: a counter a room, the outbox, and who is connected.

No row of another app points here, and none of these rows holds words: events carry ids and counts.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models


class Room(models.Model):
    """The number of a room's latest event. Its row lock makes the order of numbers the order of commits."""

    name = models.TextField(primary_key=True)
    last = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.name} at {self.last}"


class Outbox(models.Model):
    """An event as it was published, kept for a while so that a live process can catch up by number."""

    pk = models.CompositePrimaryKey("room", "number")
    room = models.TextField()
    number = models.BigIntegerField()
    name = models.TextField()
    audiences = ArrayField(models.TextField())
    data = models.TextField(help_text="JSON, as it goes to browsers.")
    created_at = models.DateTimeField()

    class Meta:
        indexes = [BrinIndex(fields=["created_at"], name="live_outbox_created")]

    def __str__(self) -> str:
        return f"{self.room} {self.number} {self.name}"


class Process(models.Model):
    """A running live process; one that has not been seen for a while is gone, and its presence with it."""

    name = models.TextField(primary_key=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Presence(models.Model):
    """Somebody (the opaque hint of a ticket) has a stream open in a room through one process."""

    pk = models.CompositePrimaryKey("room", "process", "hint")
    room = models.TextField()
    process = models.TextField()
    hint = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["process"], name="live_presence_process")]

    def __str__(self) -> str:
        return f"{self.room} {self.hint}"
