"""Tables that every part shares. None of them ever holds the text of a note."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """Who did what to which row, when. Ids and counts only."""

    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=10)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    verb = models.CharField(max_length=60)
    object_type = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    facts = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["object_type", "object_id", "at"], name="audit_object"),
            models.Index(fields=["at"], name="audit_at"),
        ]


class DeviceKey(models.Model):
    """A key made on the device for one write: seen once, the write is done; seen again, nothing changes."""

    key = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField(db_default=models.functions.Now())

    class Meta:
        indexes = [models.Index(fields=["at"], name="device_key_at")]


class Default(models.Model):
    """A default of the product that this municipality has changed; see ``core.defaults``."""

    key = models.CharField(max_length=60, primary_key=True)
    value = models.JSONField()
    reason = models.TextField(blank=True)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")


class Installation(models.Model):
    """The one row that says which municipality this is."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    name = models.CharField(max_length=80)
    language = models.CharField(max_length=5, default="sv")
    contact = models.EmailField(blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_installation")]


class Stage(models.TextChoices):
    """The stages of the red thread, in their order."""

    SIGNAL = "signal", _("Signal")
    DIALOGUE = "dialogue", _("Samtal")
    AGREEMENT = "agreement", _("Överenskommelse")
    TRIAL = "trial", _("Försök")
    RESULT = "result", _("Resultat")
    DECISION = "decision", _("Beslut")


class Thread(models.Model):
    """A red thread: from a signal to what became of it."""

    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT, related_name="threads")
    title = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    is_public = models.BooleanField(default=True)
    # Open unless there is a reason, and then the reason and its paragraph are shown.
    closed_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["unit", "-created_at"], name="thread_unit")]


class Knot(models.Model):
    """One object on a thread. The object's own part tells how it looks (``core.thread.register``)."""

    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="knots")
    stage = models.CharField(max_length=10, choices=Stage.choices)
    object_type = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["thread", "object_type", "object_id"], name="knot_once_a_thread")
        ]
        indexes = [models.Index(fields=["object_type", "object_id"], name="knot_object")]


class TieKind(models.TextChoices):
    GREW_FROM = "grew_from", _("kom ur")
    ANSWERS = "answers", _("svarar på")
    TESTS = "tests", _("prövar")
    DECIDES = "decides", _("beslutar om")
    REPEATS = "repeats", _("tar upp igen")


class Tie(models.Model):
    """A typed tie from one knot to the one it came from."""

    knot = models.ForeignKey(Knot, on_delete=models.CASCADE, related_name="ties")
    to = models.ForeignKey(Knot, on_delete=models.CASCADE, related_name="tied_by")
    kind = models.CharField(max_length=10, choices=TieKind.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["knot", "to", "kind"], name="tie_once"),
            models.CheckConstraint(condition=~Q(knot=F("to")), name="tie_not_to_itself"),
        ]


class OutgoingMail(models.Model):
    """A letter that waits to be sent; erased when it has been, and after 14 days if it never could."""

    to = models.EmailField()
    subject = models.CharField(max_length=200)
    text = models.TextField()
    attachment_name = models.CharField(max_length=80, blank=True)
    attachment_type = models.CharField(max_length=80, blank=True)
    attachment = models.BinaryField(default=b"")
    created_at = models.DateTimeField(db_default=models.functions.Now())
