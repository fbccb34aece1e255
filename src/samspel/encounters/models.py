"""Encounters: where people are asked, what they answered, what became of it.

An answer knows no person. It lies here while its day is open, and then in the Parquet of its day (``store.py``), from
which all figures are counted. A meeting's token binds the two sides' answers; it is kept only as a keyed hash, and is
gone when the two are opened (``actions/pairing.py``). See docs/explanation/encounters.md.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

# ---------------------------------------------------------------- what is asked about


class Service(models.Model):
    """What people come for, in plain verbs: "Få vägledning om studier och jobb"."""

    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    closed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Factor(models.Model):
    """What can help in a meeting, or get in its way. Without a service it is offered everywhere.

    ``name`` by language: ``{"sv": …, "da": …, "en": …}`` and any other that the municipality adds.
    """

    key = models.SlugField(max_length=40, unique=True)
    name = models.JSONField()
    service = models.ForeignKey(Service, null=True, blank=True, on_delete=models.CASCADE, related_name="factors")
    position = models.SmallIntegerField(default=0)
    closed_at = models.DateTimeField(null=True, blank=True)


class Area(models.Model):
    """A part of the municipality as people call it; never an address."""

    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    position = models.SmallIntegerField(default=0)


class Channel(models.TextChoices):
    """How the two met."""

    VISIT = "visit", _("Besök")
    PHONE = "phone", _("Telefon")
    WEB = "web", _("På nätet")
    LETTER = "letter", _("Brev")
    HOME = "home", _("Hemma hos den som bor där")
    OTHER = "other", _("Annat")


class AgeBand(models.TextChoices):
    """Wide enough to tell nobody's age."""

    CHILD = "0-15", _("Under 16 år")
    YOUNG = "16-24", _("16–24 år")
    ADULT = "25-44", _("25–44 år")
    MIDDLE = "45-64", _("45–64 år")
    OLD = "65-", _("65 år eller äldre")


class Side(models.TextChoices):
    RESIDENT = "resident", _("Den som kom")
    STAFF = "staff", _("Den som tog emot")


class Level(models.IntegerChoices):
    """How the meeting was, the same three for both sides."""

    BAD = 1, _("Inte bra")
    SO_SO = 2, _("Sådär")
    GOOD = 3, _("Bra")


# ---------------------------------------------------------------- asking


class Round(models.Model):
    """A time in which a unit asks. The next cannot open until the unit has told what it heard and did in this one."""

    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT, related_name="rounds")
    number = models.SmallIntegerField()
    opened_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    # "Ni sa" and "Vi gjorde", with what could not be done and why.
    heard = models.TextField(blank=True)
    done = models.TextField(blank=True)
    not_done = models.TextField(blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "number"], name="round_number_once"),
            models.UniqueConstraint(fields=["unit"], condition=Q(published_at=None), name="one_unanswered_round"),
            models.CheckConstraint(condition=Q(closes_at__gt=F("opened_at")), name="round_closes_later"),
            models.CheckConstraint(
                condition=Q(published_at=None) | (~Q(heard="") & ~Q(done="")), name="a_published_round_is_told"
            ),
        ]


class Plan(models.Model):
    """Who is asked how often at a unit's service: every so many meetings, in so many weeks."""

    unit = models.ForeignKey("people.Unit", on_delete=models.CASCADE, related_name="plans")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="plans")
    # Meetings a week that the unit reckons with, and every which of them is asked.
    meetings_a_week = models.IntegerField()
    ask_every = models.IntegerField(default=1)
    # Of 100 who are asked, so many answer.
    answering = models.SmallIntegerField(default=20)
    weeks = models.SmallIntegerField(default=8)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "service"], name="plan_once"),
            models.CheckConstraint(
                condition=Q(
                    meetings_a_week__gte=1, ask_every__gte=1, answering__gte=1, answering__lte=100, weeks__gte=1
                ),
                name="plan_is_possible",
            ),
        ]


class Point(models.Model):
    """Where people are asked. ``code`` is in its address; it is no secret, but cannot be guessed either."""

    class Kind(models.TextChoices):
        WALL = "wall", _("QR-kod att sätta upp")
        KIOSK = "kiosk", _("Läsplatta")
        LINK = "link", _("Länk i sms eller brev")
        STAFF = "staff", _("Medarbetarens telefon")

    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT, related_name="points")
    service = models.ForeignKey(Service, null=True, blank=True, on_delete=models.PROTECT, related_name="points")
    provider = models.ForeignKey("people.Provider", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=10, choices=Channel.choices, blank=True)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    title = models.CharField(max_length=80, blank=True)
    code = models.CharField(max_length=12, unique=True)
    # What is known of everybody who answers here; otherwise empty.
    language = models.CharField(max_length=5, blank=True)
    area = models.ForeignKey(Area, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    age_band = models.CharField(max_length=6, choices=AgeBand.choices, blank=True)
    # A device may answer again after so many minutes.
    window_min = models.SmallIntegerField(default=30)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["unit", "opened_at"], name="point_unit")]


class PointText(models.Model):
    """The tap page in a language that the municipality adds, as plain texts by their names in ``texts.py``."""

    language = models.CharField(max_length=5, unique=True)
    texts = models.JSONField()
    changed_at = models.DateTimeField()


class Invitation(models.Model):
    """A link in an SMS or a letter. Only a keyed hash of its secret is kept, and not when it was used: the moment would
    lead to the answer. Erased some days after it has ended."""

    point = models.ForeignKey(Point, on_delete=models.CASCADE, related_name="invitations")
    secret = models.BinaryField(max_length=32, unique=True)
    is_single_use = models.BooleanField(default=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    is_used = models.BooleanField(default=False)


class Resting(models.Model):
    """Somebody whom a system has sent a link, and until when she is left in peace: our keyed hash of that system's own
    keyed hash, and a day. It leads to no link and to no answer."""

    recipient = models.BinaryField(max_length=32, primary_key=True)
    again_on = models.DateField(db_index=True)


class Tablet(models.Model):
    """A kiosk. It tells that it lives; a list shows which are silent."""

    point = models.ForeignKey(Point, on_delete=models.CASCADE, related_name="tablets")
    name = models.CharField(max_length=60)
    secret = models.BinaryField(max_length=32, unique=True)
    made_at = models.DateTimeField()
    heard_at = models.DateTimeField(null=True, blank=True)
    waiting = models.IntegerField(default=0)
    closed_at = models.DateTimeField(null=True, blank=True)


class WaitingTablet(models.Model):
    """A tablet that nobody has set up yet: the code on its screen, and the secret that its address will have."""

    code = models.CharField(max_length=8, unique=True)
    secret = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField()


class Visits(models.Model):
    """How many meetings there were in a week, where somebody counts them; presses are shown beside it."""

    point = models.ForeignKey(Point, on_delete=models.CASCADE, related_name="visits")
    monday = models.DateField()
    count = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["point", "monday"], name="visits_once"),
            models.CheckConstraint(condition=Q(count__gte=0), name="visits_not_negative"),
        ]


# ---------------------------------------------------------------- answers


class Answer(models.Model):
    """One side's answer about one meeting, until it rests in Parquet: its day is open, or it is sealed until the other
    side has answered too.

    ``key`` makes a second press, a retry and a second import the same answer. Files have these columns by these names
    (``store.ANSWERS``), but never ``token``, ``sealed_until`` or ``digest``.
    """

    class Aside(models.TextChoices):
        """Why an answer is not counted; it is never erased for that."""

        NONE = "", _("räknas")
        PLAY = "play", _("ser ut som lek")

    # No index on a number that nobody asks by: each takes its share of every answer that comes in, and rows are here
    # for days.
    at = models.DateTimeField()
    received_at = models.DateTimeField()
    # The day in the municipality's own time, which the Parquet is divided by.
    day = models.DateField()
    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT, db_index=False, related_name="+")
    service = models.ForeignKey(Service, null=True, on_delete=models.PROTECT, db_index=False, related_name="+")
    provider = models.ForeignKey(
        "people.Provider", null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    area = models.ForeignKey(Area, null=True, on_delete=models.PROTECT, db_index=False, related_name="+")
    point = models.ForeignKey(Point, null=True, on_delete=models.SET_NULL, db_index=False, related_name="answers")
    channel = models.CharField(max_length=10, blank=True)
    language = models.CharField(max_length=5, blank=True)
    age_band = models.CharField(max_length=6, blank=True)
    side = models.CharField(max_length=8, choices=Side.choices)
    level = models.SmallIntegerField(choices=Level.choices)
    is_no_meeting = models.BooleanField(default=False)
    helped = ArrayField(models.CharField(max_length=40), default=list)
    hindered = ArrayField(models.CharField(max_length=40), default=list)
    # Masked where it looked like a name, a number or a matter of health; what was masked is nowhere.
    text = models.CharField(max_length=400, blank=True)
    # The meeting's token under a key; empty when the pair has been opened.
    token = models.BinaryField(max_length=32, null=True)
    sealed_until = models.DateTimeField(null=True)
    # How the other side saw the same meeting, once both are open.
    other_level = models.SmallIntegerField(choices=Level.choices, null=True)
    aside = models.CharField(max_length=10, choices=Aside.choices, default="", blank=True)
    key = models.CharField(max_length=80)
    # A reading of what was written, so that the same key with other content is told from a retry.
    digest = models.BinaryField(max_length=32, default=b"")

    class Meta:
        constraints = [
            # Not unique=True, which makes a second index for LIKE.
            models.UniqueConstraint(fields=["key"], name="answer_key_once"),
            models.CheckConstraint(condition=Q(level__in=[1, 2, 3]), name="level_is_one_of_three"),
            models.CheckConstraint(condition=Q(side__in=Side.values), name="side_is_one_of_two"),
            models.CheckConstraint(
                condition=Q(token=None) | Q(sealed_until__isnull=False), name="a_token_is_sealed_for_a_time"
            ),
        ]
        indexes = [
            models.Index(fields=["day"], name="answer_day"),
            models.Index(fields=["token"], condition=Q(token__isnull=False), name="answer_token"),
            models.Index(fields=["sealed_until"], condition=Q(sealed_until__isnull=False), name="answer_sealed"),
            models.Index(fields=["point", "-at"], name="answer_point"),
        ]


class Day(models.Model):
    """A day whose answers lie in Parquet: which file holds it now (with the rest of its month, when that is old).

    ``rows`` are the day's own; ``digest`` is the file's SHA-256. A new version is a new file.
    """

    day = models.DateField(primary_key=True)
    version = models.IntegerField()
    file = models.CharField(max_length=60)
    rows = models.BigIntegerField()
    # Whether the file still has a word that somebody wrote: they are erased before the answers.
    has_texts = models.BooleanField(default=True)
    digest = models.BinaryField(max_length=32)
    written_at = models.DateTimeField()


class Withdrawal(models.Model):
    """An answer that was taken back: gone from the database at once, and from its file when that is next written.

    It is known by what it was sent with. The row stays for as long as answers of its day are kept, so that what is sent
    again, or late, is counted nowhere. ``is_pending`` while a file may have the answer yet.
    """

    day = models.DateField()
    unit = models.ForeignKey("people.Unit", on_delete=models.CASCADE, db_index=False, related_name="+")
    key = models.CharField(max_length=80)
    is_pending = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "unit", "key"], name="withdrawn_once")]
        indexes = [models.Index(fields=["day"], condition=Q(is_pending=True), name="withdrawal_pending")]


class TakenFile(models.Model):
    """A file that has been, or is being, taken in: known by its content, so that a second time changes nothing."""

    digest = models.BinaryField(max_length=32, unique=True)
    name = models.CharField(max_length=200)
    began_at = models.DateTimeField()
    lines_done = models.BigIntegerField(default=0)
    taken = models.BigIntegerField(default=0)
    known = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)


# ---------------------------------------------------------------- what became of it


# How the key begins of a signal that a unit lies outside of a funnel; no device's key has a colon.
OUTSIDE = "outside:"


class Signal(models.Model):
    """Something a unit has heard often enough to talk about, in a resident's or a colleague's words, or a pattern that
    changed. ``finding`` holds what the engine found (counts and dates, never words), its version and its settings."""

    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT, related_name="signals")
    words = models.CharField(max_length=300)
    source = models.CharField(max_length=200, blank=True)
    noted_at = models.DateTimeField()
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    key = models.CharField(max_length=64, unique=True)
    finding = models.JSONField(null=True)

    @property
    def is_pattern(self) -> bool:
        """Whether figures say it, and not somebody's words: the unit sees it first, and others do not."""
        return self.finding is not None or self.key.startswith(OUTSIDE)

    @property
    def is_erased(self) -> bool:
        """Whether its words have been taken away."""
        return not self.words


class Watch(models.Model):
    """How far one side of a unit has been searched for changes: up to and with ``seen_to``.

    ``state`` says from which Monday it is watched (``begins``: after the last change that was told) and by which
    version of the engine. The weeks themselves are counted anew each time.
    """

    unit = models.ForeignKey("people.Unit", on_delete=models.CASCADE, related_name="watches")
    side = models.CharField(max_length=8, choices=Side.choices)
    seen_to = models.DateField()
    state = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["unit", "side"], name="watch_once")]


class Story(models.Model):
    """A good or a hard meeting told in a few sentences, with consent, as learning material."""

    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT, related_name="stories")
    words = models.TextField(max_length=2000)
    side = models.CharField(max_length=8, choices=Side.choices)
    is_hard = models.BooleanField(default=False)
    told_at = models.DateTimeField()
    # Consent is to these exact words; a change of words asks anew.
    consented_at = models.DateTimeField()
    withdrawal = models.BinaryField(max_length=32, unique=True)
    published_at = models.DateTimeField(null=True, blank=True)
    key = models.CharField(max_length=64, unique=True)


class Reason(models.Model):
    """Why a difference between groups is meant (saklig grund, kommunallagen 2 kap. 3 §)."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="reasons")
    dimension = models.CharField(max_length=10)
    group = models.CharField(max_length=40)
    is_higher = models.BooleanField()
    words = models.CharField(max_length=500)
    decided_by = models.CharField(max_length=120)
    decided_on = models.DateField()
    tried_again_on = models.DateField(null=True, blank=True)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["service", "dimension", "group", "is_higher"],
                condition=Q(closed_at=None),
                name="one_reason_for_a_difference",
            )
        ]


class Shown(models.Model):
    """What a table last showed, cell by cell: a cell is shown anew when enough new answers have come (disclosure)."""

    table = models.CharField(max_length=120, primary_key=True)
    cells = models.JSONField()
    shown_at = models.DateTimeField()
