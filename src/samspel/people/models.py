"""Units as a tree, providers, persons with roles per unit."""

import pghistory
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class Unit(models.Model):
    """A part of the municipality. ``path`` holds the ids from the root (``/1/4/9/``): a branch is a prefix."""

    name = models.CharField(max_length=120)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    path = models.CharField(max_length=200, default="", editable=False)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("parent", Lower("name"), name="unit_name_once", nulls_distinct=False),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="unit_not_its_own_parent"),
        ]
        indexes = [models.Index(fields=["path"], name="unit_path", opclasses=["text_pattern_ops"])]

    def __str__(self) -> str:
        return self.name


class Provider(models.Model):
    """Who performs: own unit, company, association or cooperative. Separate from units."""

    class Kind(models.TextChoices):
        OWN = "own", _("Egen enhet")
        COMPANY = "company", _("Företag")
        ASSOCIATION = "association", _("Förening")
        COOPERATIVE = "cooperative", _("Kooperativ")

    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    unit = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="providers")

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("name"), name="provider_name_once"),
            models.CheckConstraint(
                condition=Q(kind="own", unit__isnull=False) | ~Q(kind="own"), name="own_provider_has_its_unit"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PersonManager(BaseUserManager["Person"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> "Person":
        person: Person = self.model(email=self.normalize_email(email).lower(), **fields)
        person.set_password(password)
        person.save()
        return person


class Person(AbstractBaseUser):
    """Somebody who works for the city. No personnummer or CPR: at most a keyed pseudonym from the eID."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    profession = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=5, blank=True)
    pseudonym = models.CharField(max_length=64, null=True, blank=True, unique=True)
    is_active = models.BooleanField(default=True)
    is_administrator = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PersonManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(email=Lower("email")), name="person_email_lower")]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class Role(models.Model):
    """What a person is in a unit. Manager and facilitator reach the units below; member does not."""

    class Kind(models.TextChoices):
        MEMBER = "member", _("Medarbetare")
        MANAGER = "manager", _("Enhetschef")
        FACILITATOR = "facilitator", _("Samtalsledare")
        BROKER = "broker", _("Brobyggare")
        OMBUD = "ombud", _("Förnuftsombud")
        ANALYST = "analyst", _("Analytiker")
        EDITOR = "editor", _("Redaktör")
        ADMINISTRATOR = "administrator", _("Administratör")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="roles")
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="roles")
    kind = models.CharField(max_length=14, choices=Kind.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "unit", "kind"], name="role_once")]
        indexes = [models.Index(fields=["unit", "kind"], name="role_unit")]
