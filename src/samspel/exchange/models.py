"""Parties, their needs and offers, what the engine chose of them, and the matches that people were asked about.

Gifts, not trades: there is no table of hours, points or debts, and there will be none.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

PERSON = settings.AUTH_USER_MODEL


class CheckKind(models.TextChoices):
    """What may have to be asked before help begins. Whom to ask, never why."""

    INSURANCE = "insurance", _("Försäkring")
    BENEFIT = "benefit", _("Den som betalar ersättning")
    EXTRACT = "extract", _("Utdrag ur belastningsregistret")
    CONSENT = "consent", _("Samtycke")
    UNION = "union", _("Facket")
    VISIT = "visit", _("Brobyggaren har träffat dem")
    OTHER = "other", _("Annat")


class Category(models.Model):
    """A kind of help, in a tree of two levels that the municipality edits. ``key`` is a path: ``home/moving``."""

    key = models.CharField(max_length=80, unique=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    name = models.JSONField()
    checks = ArrayField(models.CharField(max_length=10, choices=CheckKind.choices), default=list, blank=True)
    position = models.SmallIntegerField(default=0)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "pk"]


class Party(models.Model):
    """Somebody who has needs and offers. Others see what she is called here, which is not her name.

    ``code`` is the hash of the code to come back with. An adult, always.
    """

    class Kind(models.TextChoices):
        RESIDENT = "resident", _("Privatperson")
        ASSOCIATION = "association", _("Förening")
        COMPANY = "company", _("Företag")
        UNIT = "unit", _("Enhet i kommunen")

    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.RESIDENT)
    called = models.CharField(max_length=60)
    code = models.BinaryField(max_length=32, unique=True)
    person = models.ForeignKey(PERSON, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    unit = models.ForeignKey("people.Unit", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # Where to tell that there is something to read here; nothing more is ever written there.
    mail = models.EmailField(blank=True)
    language = models.CharField(max_length=5, default="sv")
    is_adult = models.BooleanField()
    entered_by = models.ForeignKey(PERSON, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(is_adult=True), name="party_is_adult"),
            models.CheckConstraint(condition=Q(kind="unit", unit__isnull=False) | ~Q(kind="unit"), name="party_unit"),
        ]


class Mark(models.TextChoices):
    """What the help takes (a licence, heavy lifting) or touches (a child, somebody's home)."""

    LICENCE = "licence", _("Körkort")
    LIFTING = "lifting", _("Tunga lyft")
    CHILD = "child", _("Barn är med")
    HOME = "home", _("I någons hem")


class PartOfWeek(models.TextChoices):
    WEEKDAYS = "weekdays", _("Vardagar")
    EVENINGS = "evenings", _("Kvällar")
    WEEKENDS = "weekends", _("Helger")


class Post(models.Model):
    """A need or an offer in its party's own words. Withdrawn and expired ones are no rows any more."""

    class Kind(models.TextChoices):
        NEED = "need", _("Behov")
        OFFER = "offer", _("Erbjudande")

    class Consent(models.TextChoices):
        SELF = "self", _("Skrev själv")
        PAPER = "paper", _("Skrev under på papper")
        MESSAGE = "message", _("Skrev ja i ett meddelande")

    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="posts")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    words = models.CharField(max_length=300)
    more = models.CharField(max_length=300, blank=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="+")
    # None is the whole municipality.
    area = models.ForeignKey("encounters.Area", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    times = ArrayField(models.CharField(max_length=8, choices=PartOfWeek.choices), default=list, blank=True)
    begins_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    marks = ArrayField(models.CharField(max_length=8, choices=Mark.choices), default=list, blank=True)
    languages = ArrayField(models.CharField(max_length=5), default=list, blank=True)
    key = models.CharField(max_length=64, unique=True)
    posted_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    renewed_at = models.DateTimeField(null=True, blank=True)
    # Matched from when a bridge-builder has read it; changed words are read anew.
    read_at = models.DateTimeField(null=True, blank=True)
    read_by = models.ForeignKey(PERSON, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    contacted_at = models.DateTimeField(null=True, blank=True)
    # When its party was told that it expires soon, and the bridge-builders that nobody has got in touch: once each.
    reminded_at = models.DateTimeField(null=True, blank=True)
    late_told_at = models.DateTimeField(null=True, blank=True)
    met_at = models.DateTimeField(null=True, blank=True)
    # The words that the party has agreed to have shown: other words, and the agreement is void.
    consent = models.CharField(max_length=8, choices=Consent.choices, default=Consent.SELF)
    consented_at = models.DateTimeField()
    consented_to = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(begins_on=None) | Q(ends_on=None) | Q(ends_on__gte=F("begins_on")), name="post_window"
            )
        ]
        indexes = [
            models.Index(fields=["party"], name="post_party"),
            models.Index(fields=["expires_at"], name="post_expires"),
            models.Index(fields=["posted_at"], name="post_posted"),
        ]


class Selection(models.Model):
    """What the engine chose of the posts as they stood, with its bound. The newest is what the desk shows.

    ``candidates`` has who could help whom (numbers of posts, no words), so that a change by hand is answered at once.
    They are written with the count and never after; a change by hand, or after a no, changes what the count came to.
    """

    made_at = models.DateTimeField()
    version = models.CharField(max_length=40)
    needs = models.IntegerField()
    offers = models.IntegerField()
    met = models.IntegerField()
    bound = models.IntegerField()
    is_proven = models.BooleanField()
    settings = models.JSONField()
    candidates = models.BinaryField()
    seconds = models.FloatField()


class Match(models.Model):
    """A pair, a ring or a chain: first the engine's proposal, then what people are asked, then what they do."""

    class Kind(models.TextChoices):
        PAIR = "pair", _("Par")
        RING = "ring", _("Ring")
        CHAIN = "chain", _("Kedja")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Förslag")
        ASKED = "asked", _("Frågade")
        AGREED = "agreed", _("Alla har sagt ja")
        RUNNING = "running", _("Pågår")
        PAUSED = "paused", _("Vilar")
        ENDED = "ended", _("Avslutad")
        FALLEN = "fallen", _("Blev inte av")

    class Ending(models.TextChoices):
        DONE = "done", _("Det blev som vi tänkte")
        EARLY = "early", _("Det slutade tidigare")

    class Becomes(models.TextChoices):
        """What goes on when the gifts are given; a trial and a service are the unit's own from then on."""

        NOTHING = "", _("Inget mer")
        TRIAL = "trial", _("Ett försök")
        SERVICE = "service", _("Något vi alltid gör")

    kind = models.CharField(max_length=5, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    title = models.CharField(max_length=120, blank=True)
    doubt = models.CharField(max_length=300, blank=True)
    until = models.CharField(max_length=120, blank=True)
    broker = models.ForeignKey(PERSON, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    unit = models.ForeignKey("people.Unit", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    asked_at = models.DateTimeField(null=True, blank=True)
    agreed_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ending = models.CharField(max_length=5, choices=Ending.choices, blank=True)
    fallen_at = models.DateTimeField(null=True, blank=True)
    becomes = models.CharField(max_length=7, choices=Becomes.choices, blank=True, default=Becomes.NOTHING)

    class Meta:
        indexes = [models.Index(fields=["state", "made_at"], name="match_state")]


class Transfer(models.Model):
    """One gift of a match: an offer that serves a need. Its giver's place is its own, the last gives to the first
    (ring), or a chain ends with who only receives."""

    match = models.ForeignKey(Match, on_delete=models.CASCADE, related_name="transfers")
    place = models.SmallIntegerField()
    offer = models.ForeignKey(Post, null=True, on_delete=models.SET_NULL, related_name="given")
    need = models.ForeignKey(Post, null=True, on_delete=models.SET_NULL, related_name="met_by")
    # What is given, in words that all of them say yes to; the offer's own until the bridge-builder has written others.
    gift = models.CharField(max_length=200)
    # What kind of need it met, which is counted when the posts are gone.
    category = models.ForeignKey(Category, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    fit = models.SmallIntegerField()
    parts = models.JSONField(default=dict)

    class Meta:
        ordering = ["place"]
        constraints = [models.UniqueConstraint(fields=["match", "place"], name="transfer_place")]


class Part(models.Model):
    """One party's part in a match: the words shown of her, what she answered, and how it went.

    ``words`` are as they were when she was asked: her yes is to exactly those.
    """

    class Answer(models.TextChoices):
        WAITING = "", _("Tänker")
        YES = "yes", _("Ja")
        NO = "no", _("Nej")
        PROBLEM = "problem", _("Ser ett problem")

    class Outcome(models.IntegerChoices):
        BAD = 1, _("Inte bra")
        SO_SO = 2, _("Sådär")
        GOOD = 3, _("Bra")

    match = models.ForeignKey(Match, on_delete=models.CASCADE, related_name="parts")
    party = models.ForeignKey(Party, null=True, on_delete=models.SET_NULL, related_name="parts")
    place = models.SmallIntegerField()
    called = models.CharField(max_length=60)
    words = models.CharField(max_length=1240)
    answer = models.CharField(max_length=7, choices=Answer.choices, blank=True, default=Answer.WAITING)
    # Read by the bridge-builder alone.
    problem = models.CharField(max_length=400, blank=True)
    other_time = models.CharField(max_length=200, blank=True)
    # Shown to the others when all have said yes; erased a month after the match has ended, or with it.
    contact = models.CharField(max_length=200, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    # When what she had answered to was changed, so that she is asked anew.
    asked_anew_at = models.DateTimeField(null=True, blank=True)
    outcome = models.SmallIntegerField(choices=Outcome.choices, null=True, blank=True)
    outcome_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["match", "place"], name="part_place"),
            models.UniqueConstraint(fields=["match", "party"], name="part_once"),
        ]


class Check(models.Model):
    """Something to be asked before a match begins. Whom, and who saw the answer when; never a copy, never why."""

    class State(models.TextChoices):
        TODO = "todo", _("Inte frågad")
        ASKED = "asked", _("Frågad")
        DONE = "done", _("Klar")
        NOT_NEEDED = "not_needed", _("Behövs inte")

    match = models.ForeignKey(Match, on_delete=models.CASCADE, related_name="checks")
    kind = models.CharField(max_length=10, choices=CheckKind.choices)
    about = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.TODO)
    # Contact with a child, or somebody's home: it cannot be left out.
    is_required = models.BooleanField(default=False)
    by = models.ForeignKey(PERSON, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["match", "kind", "about"], name="check_once")]


class Wish(models.Model):
    """What a bridge-builder knows of two posts: these are to meet, or are not to."""

    class Kind(models.TextChoices):
        FIX = "fix", _("Låst")
        FORBID = "forbid", _("Utesluten")

    kind = models.CharField(max_length=6, choices=Kind.choices)
    offer = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+")
    need = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["offer", "need"], name="wish_once")]


class Remark(models.Model):
    """What only a bridge-builder knows, of a post or a match; read by bridge-builders."""

    post = models.ForeignKey(Post, null=True, blank=True, on_delete=models.CASCADE, related_name="remarks")
    match = models.ForeignKey(Match, null=True, blank=True, on_delete=models.CASCADE, related_name="remarks")
    words = models.CharField(max_length=400)
    by = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    key = models.CharField(max_length=64, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(post=None, match__isnull=False) | Q(post__isnull=False, match=None), name="remark_of_one"
            )
        ]


class Block(models.Model):
    """Two parties that are never put together again. Neither is told."""

    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="blocks")
    other = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["party", "other"], name="block_once"),
            models.CheckConstraint(condition=~Q(party=F("other")), name="block_another"),
        ]


class TownQuestion(models.Model):
    """What nobody can meet, put to the town in a bridge-builder's words: written, read through, published, closed. It
    goes with the need."""

    words = models.CharField(max_length=200)
    need = models.ForeignKey(Post, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    key = models.CharField(max_length=64, unique=True)
    published_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)


class Judgement(models.Model):
    """That a proposed pair was good or not, by its parts: what the weights learn from. It points at nobody."""

    # The number that the need had: what is said of one need is told apart only together.
    need = models.BigIntegerField()
    parts = models.JSONField()
    is_good = models.BooleanField()
    at = models.DateTimeField()


class Preference(models.Model):
    """The one row of how this municipality chooses: the engine's limits, order, and weights."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    ring = models.SmallIntegerField(default=4)
    chain = models.SmallIntegerField(default=6)
    goals = ArrayField(models.CharField(max_length=8), default=list, blank=True)
    # By how many hundredths areas may differ in the share of needs that are met; None lets them.
    areas = models.SmallIntegerField(null=True, blank=True)
    weights = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_preference")]


class Assumption(models.Model):
    """What a match of a kind is taken to spare the public purse, as a range with its reason. Never per person."""

    category = models.OneToOneField(Category, on_delete=models.CASCADE, related_name="assumption")
    low = models.IntegerField()
    high = models.IntegerField()
    reason = models.CharField(max_length=400)
    changed_by = models.ForeignKey(PERSON, null=True, on_delete=models.SET_NULL, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(low__gte=0, high__gte=F("low")), name="assumption_range")]


class Trace(models.Model):
    """What a match became, when the match is erased: the unit's own trial or service, on its thread. Of nobody."""

    becomes = models.CharField(max_length=8, choices=Match.Becomes.choices)
    at = models.DateTimeField()


class Ended(models.Model):
    """What has ended and been erased, by kind of need, as counts: it points at no match and at nobody.

    ``gave_…`` and ``got_…`` are how those who gave and those who were helped said that it went.
    """

    category = models.OneToOneField(Category, on_delete=models.CASCADE, related_name="+")
    done = models.IntegerField(default=0)
    early = models.IntegerField(default=0)
    gave_told = models.IntegerField(default=0)
    gave_good = models.IntegerField(default=0)
    got_told = models.IntegerField(default=0)
    got_good = models.IntegerField(default=0)
