"""The three-step dialogue: plan, seats, notes, tables, choices, agreements.

What one wrote alone lies in ``Note.sealed`` under a key that only the seat's device holds; ``Note.text`` is empty
until its author shares it. What is shared belongs to a seat until the meeting is closed; then nothing here tells whose
it was (``actions.forgetting``). See docs/explanation/what-is-sealed.md.
"""

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

# ---------------------------------------------------------------- templates: rows, not code


class StepKind(models.TextChoices):
    """What a step is for; ``phase`` (solo, small, whole) says which of the three steps it belongs to."""

    FRAME = "frame", _("Välkommen")
    SOLO = "solo", _("Själv")
    SMALL = "small", _("Vid bordet: samtal")
    OBJECTIONS = "objections", _("Vid bordet: invändningar")
    MOVE = "move", _("Byt bord")
    CHOOSE = "choose", _("Vid bordet: välj tre")
    WHOLE = "whole", _("Tillsammans")
    BALLOT = "ballot", _("Tillsammans: välj i tysthet")
    AGREE = "agree", _("Kom överens")
    CHECKOUT = "checkout", _("Hur var det att vara med?")
    BREAK = "break", _("Paus")


PHASE_OF: dict[str, str] = {
    "frame": "frame",
    "solo": "solo",
    "small": "small",
    "objections": "small",
    "move": "break",
    "choose": "small",
    "whole": "whole",
    "ballot": "whole",
    "agree": "whole",
    "checkout": "whole",
    "break": "break",
}


class Template(models.Model):
    """A ready plan. Names and reasons by language: ``{"sv": …, "da": …, "en": …}``."""

    key = models.SlugField(max_length=20, unique=True)
    name = models.JSONField()
    about = models.JSONField(default=dict)
    position = models.SmallIntegerField()
    questions = models.SmallIntegerField(default=1)
    # Unattended: moves by its timetable, with reminders so many minutes after the start.
    is_unattended = models.BooleanField(default=False)
    reminders = ArrayField(models.IntegerField(), default=list)
    # World Café: one stays at every table as its host and tells those who come what was said; the others go on.
    hosts_stay = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position"]


class TemplateStep(models.Model):
    """One step of a template, with the reason for its length."""

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="steps")
    position = models.SmallIntegerField()
    kind = models.CharField(max_length=12, choices=StepKind.choices)
    minutes = models.IntegerField()
    question = models.SmallIntegerField(default=1)
    seating = models.SmallIntegerField(default=1)
    title = models.JSONField(default=dict)
    reason = models.JSONField(default=dict)
    guide = models.JSONField(default=dict, blank=True)  # how one does it, for those at the table

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["template", "position"], name="template_step_place"),
            models.CheckConstraint(condition=Q(minutes__gte=1), name="template_step_minutes"),
        ]


# ---------------------------------------------------------------- the dialogue and its plan


class State(models.TextChoices):
    DRAFT = "draft", _("Utkast")
    PLANNED = "planned", _("Planerat")
    RUNNING = "running", _("Pågår")
    CLOSED = "closed", _("Avslutat")


class Screen(models.TextChoices):
    """What the big screen shows; AUTO follows the step."""

    AUTO = "auto", _("Följer steget")
    LOBBY = "lobby", _("Kod och QR")
    QUESTION = "question", _("Frågan")
    TABLES = "tables", _("Borden arbetar")
    WORDS = "words", _("Orden")
    THEMES = "themes", _("Teman")
    THREE = "three", _("De tre")
    LONE = "lone", _("Ensamma röster")
    NEXT = "next", _("Nästa steg")
    BLACK = "black", _("Svart")


class Dialogue(models.Model):
    """A three-step dialogue of a unit."""

    unit = models.ForeignKey("people.Unit", on_delete=models.PROTECT, related_name="dialogues")
    template = models.ForeignKey(Template, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=120)
    language = models.CharField(max_length=5, default="sv")
    second_language = models.CharField(max_length=5, blank=True)  # the questions stand in this one too
    place = models.CharField(max_length=120, blank=True)
    starts_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    code = models.CharField(max_length=6)
    slug = models.CharField(max_length=16, unique=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    is_rehearsal = models.BooleanField(default=False)
    # What the unit had heard that this takes up, as it stood then (``encounters.to_take_up.Heard``).
    heard = models.JSONField(default=list)
    # seating
    has_seating = models.BooleanField(default=True)
    group_size = models.SmallIntegerField(default=3)
    places = models.SmallIntegerField(default=3)
    seating_seed = models.BigIntegerField(default=0)
    seating_told = models.JSONField(default=dict)  # the seating engine's description in numbers
    # now
    step = models.ForeignKey("Step", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    step_started_at = models.DateTimeField(null=True, blank=True)
    step_ends_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    code_until = models.DateTimeField(null=True, blank=True)
    # what the hall sees
    screen = models.CharField(max_length=8, choices=Screen.choices, default=Screen.AUTO)
    is_dark = models.BooleanField(default=False)
    shows_code = models.BooleanField(default=True)
    is_locked = models.BooleanField(default=False)
    needs_review = models.BooleanField(default=True)
    words_reviewed = models.BooleanField(default=False)
    shows_results = models.BooleanField(default=False)
    ballot_open = models.BooleanField(default=False)
    checkout_open = models.BooleanField(default=False)
    revealed = models.SmallIntegerField(default=0)  # 0 nothing, then places from the last to the first, then words
    lone_shown = models.SmallIntegerField(default=0)
    # open afterwards, unless there is a reason
    is_public = models.BooleanField(default=True)
    closed_reason = models.CharField(max_length=200, blank=True)
    delegation = models.CharField(
        max_length=200, blank=True
    )  # who decided that this result is binding; empty: advisory

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code"], condition=Q(code_until__isnull=True), name="dialogue_code_once"),
            models.CheckConstraint(condition=Q(code__regex=r"^[0-9]{6}$"), name="dialogue_code_digits"),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False) | (~Q(state="closed") & Q(closed_at__isnull=True)),
                name="dialogue_closed_has_time",
            ),
            models.CheckConstraint(condition=~Q(state="running") | Q(opened_at__isnull=False), name="dialogue_running"),
            models.CheckConstraint(
                condition=Q(is_public=True) | ~Q(closed_reason=""), name="dialogue_not_open_has_reason"
            ),
        ]
        indexes = [models.Index(fields=["unit", "-starts_at"], name="dialogue_unit")]

    @property
    def room(self) -> str:
        """The live room of this dialogue."""
        return f"dialogue:{self.pk}"


class Question(models.Model):
    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="questions")
    number = models.SmallIntegerField()
    text = models.CharField(max_length=200)
    second_text = models.CharField(max_length=200, blank=True)  # in the dialogue's second language

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["dialogue", "number"], name="question_number")]


class Step(models.Model):
    """A step of this dialogue's plan, copied from the template and changed as the leaders wish."""

    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="steps")
    position = models.SmallIntegerField()
    kind = models.CharField(max_length=12, choices=StepKind.choices)
    minutes = models.IntegerField()
    question = models.SmallIntegerField(default=1)
    seating = models.SmallIntegerField(default=1)
    title = models.JSONField(default=dict)
    reason = models.JSONField(default=dict)
    guide = models.JSONField(default=dict, blank=True)  # how one does it, for those at the table

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["dialogue", "position"], name="step_place"),
            models.CheckConstraint(condition=Q(minutes__gte=1), name="step_minutes"),
        ]

    @property
    def phase(self) -> str:
        return PHASE_OF[self.kind]


class Leader(models.Model):
    """Somebody who leads this dialogue beside the unit's own facilitators."""

    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="leaders")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dialogue", "person"], name="leader_once")]


class ConsoleAction(models.Model):
    """What a leader did last, so that two leaders see each other and can undo for ten seconds."""

    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="console_actions")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    name = models.CharField(max_length=120)
    verb = models.CharField(max_length=40)
    before = models.JSONField()
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]


class Invitation(models.Model):
    """Somebody on the list: from a unit's staff or a file. The seat code places her and never unseals anything."""

    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="invitations")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    unit = models.CharField(max_length=120, blank=True)
    department = models.CharField(max_length=120, blank=True)
    profession = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=120, blank=True)
    manages = models.CharField(max_length=120, blank=True)  # the unit whose staff she never sits with
    needs = ArrayField(models.CharField(max_length=20), default=list)  # accessible, interpreter, hearing
    interpreter = models.CharField(max_length=5, blank=True)  # the language of the interpreter she needs
    together = models.CharField(max_length=20, blank=True)  # same mark: same table
    apart = models.CharField(max_length=20, blank=True)  # same mark: never the same table
    seat_code = models.CharField(max_length=8)
    source = models.CharField(max_length=120, blank=True)  # the unit or file she came from
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dialogue", "seat_code"], name="seat_code_once"),
            models.UniqueConstraint(fields=["dialogue", "email"], condition=~Q(email=""), name="invitation_email_once"),
        ]


class PlannedPlace(models.Model):
    """Where somebody on the list will sit in a seating; it becomes her placement when she joins with her code."""

    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="planned_places")
    seating = models.SmallIntegerField()
    table = models.ForeignKey("Table", on_delete=models.CASCADE, related_name="planned_places")
    is_host = models.BooleanField(default=False)  # stays at this table in every seating
    is_pinned = models.BooleanField(default=False)  # chosen by hand: kept when the rest is drawn anew

    class Meta:
        constraints = [models.UniqueConstraint(fields=["invitation", "seating"], name="planned_place_once")]
        indexes = [models.Index(fields=["table", "seating"], name="planned_place_table")]


# ---------------------------------------------------------------- seats and tables


class Seat(models.Model):
    """One participant in one dialogue. The device keeps the secret; here lies only its hash."""

    class Kind(models.TextChoices):
        PHONE = "phone", _("Egen telefon")
        HELPED = "helped", _("Utan telefon")
        PAPER = "paper", _("På papper")

    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="seats")
    number = models.IntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PHONE)
    secret_hash = models.BinaryField(max_length=32, null=True)
    invitation = models.OneToOneField(Invitation, null=True, blank=True, on_delete=models.SET_NULL, related_name="seat")
    helped_by = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="helps")
    name = models.CharField(max_length=40, blank=True)  # only what the person herself wants to be called at the table
    unit = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=5, default="sv")
    is_made_up = models.BooleanField(default=False)  # rehearsal and demo
    joined_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)
    key = models.CharField(max_length=64)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["dialogue", "number"], name="seat_number"),
            models.UniqueConstraint(fields=["dialogue", "key"], name="seat_key"),
            models.CheckConstraint(
                condition=Q(kind="phone", secret_hash__isnull=False) | (~Q(kind="phone") & Q(secret_hash__isnull=True)),
                name="seat_secret_on_phones_only",
            ),
        ]


class Table(models.Model):
    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="tables")
    number = models.SmallIntegerField()
    name = models.CharField(max_length=40)
    size = models.SmallIntegerField(default=8)
    is_accessible = models.BooleanField(default=True)
    interpreter = models.CharField(max_length=5, blank=True)  # an interpreter of this language sits here

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["dialogue", "number"], name="table_number")]


class Sitting(models.Model):
    """A table during one seating: who has the pen, who is reason advocate, how far it has come."""

    table = models.ForeignKey(Table, on_delete=models.CASCADE, related_name="sittings")
    seating = models.SmallIntegerField()
    pen = models.ForeignKey(Seat, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    pen_asked_by = models.ForeignKey(Seat, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    advocate = models.ForeignKey(Seat, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    advocate_seed = models.BigIntegerField(default=0)
    counts_open_at = models.DateTimeField(null=True, blank=True)
    handed_in_at = models.DateTimeField(null=True, blank=True)
    lone_allowed = models.BooleanField(default=True)
    help_asked_at = models.DateTimeField(null=True, blank=True)
    help_words = models.CharField(max_length=140, blank=True)
    help_taken_by = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["table", "seating"], name="sitting_once")]


class Placement(models.Model):
    """Where a seat sits in a seating. ``group`` numbers the threes that talk first at a table of five or more."""

    seat = models.ForeignKey(Seat, on_delete=models.CASCADE, related_name="placements")
    seating = models.SmallIntegerField()
    table = models.ForeignKey(Table, on_delete=models.CASCADE, related_name="placements")
    group = models.SmallIntegerField(default=0)
    is_host = models.BooleanField(default=False)  # stays at this table while the others go on

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seat", "seating"], name="placement_once")]
        indexes = [models.Index(fields=["table", "seating"], name="placement_table")]


class Ready(models.Model):
    """«I am ready» in a step."""

    seat = models.ForeignKey(Seat, on_delete=models.CASCADE, related_name="+")
    step = models.ForeignKey(Step, on_delete=models.CASCADE, related_name="ready")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seat", "step"], name="ready_once")]


# ---------------------------------------------------------------- what people say


# Letters of a thought: more is divided in two.
LONGEST_NOTE = 500


class Note(models.Model):
    """A thought. Sealed until its author shares it at a table; then open text that is never deleted.

    ``seat`` is empty when the meeting is closed; ``author`` is made from the seat's secret, so that the author's own
    device finds the thought again and nobody else can.
    """

    class Source(models.TextChoices):
        PHONE = "phone", _("Telefon")
        HOST = "host", _("Skrivet av bordets värd")
        PAPER = "paper", _("Från papper")

    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="notes")
    question = models.SmallIntegerField(default=1)
    seat = models.ForeignKey(Seat, null=True, on_delete=models.SET_NULL, related_name="notes")
    table = models.ForeignKey(Table, null=True, blank=True, on_delete=models.PROTECT, related_name="notes")
    author = models.BinaryField(max_length=16, null=True)
    source = models.CharField(max_length=5, choices=Source.choices, default=Source.PHONE)
    language = models.CharField(max_length=5, blank=True)  # said in another language than the meeting's
    sealed = models.BinaryField(null=True)
    text = models.CharField(max_length=LONGEST_NOTE, blank=True)
    key = models.CharField(max_length=64)
    written_at = models.DateTimeField()
    shared_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="merged")
    position = models.SmallIntegerField(null=True, blank=True)  # the pen-holder's order
    set_aside_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["dialogue", "key"], name="note_key"),
            models.CheckConstraint(
                condition=Q(shared_at__isnull=True, text="", sealed__isnull=False, table__isnull=True)
                | Q(shared_at__isnull=False, sealed__isnull=True, table__isnull=False) & ~Q(text=""),
                name="note_sealed_until_shared",
            ),
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="note_not_into_itself"),
        ]
        indexes = [
            models.Index(fields=["seat", "question"], name="note_seat"),
            models.Index(fields=["table", "question"], name="note_table"),
        ]


class Mark(models.Model):
    """One of the (at most three) thoughts that a seat marks at its table."""

    seat = models.ForeignKey(Seat, on_delete=models.CASCADE, related_name="marks")
    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="marks")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seat", "note"], name="mark_once")]


class CounterVoice(models.Model):
    """A counter-voice: from the table's reason advocate, or from anyone, without a name."""

    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="counter_voices")
    table = models.ForeignKey(Table, on_delete=models.CASCADE, related_name="counter_voices")
    seating = models.SmallIntegerField(default=1)
    question = models.SmallIntegerField(default=1)
    from_advocate = models.BooleanField()
    text = models.CharField(max_length=300)
    key = models.CharField(max_length=64)
    said_at = models.DateTimeField()
    reviewed_at = models.DateTimeField(null=True, blank=True)
    set_aside_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["dialogue", "key"], name="counter_voice_key")]


class Proposal(models.Model):
    """One of the tables' threes in the hall. Several tables that say the same words share one."""

    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="proposals")
    question = models.SmallIntegerField()
    text = models.CharField(max_length=500)
    normal = models.CharField(max_length=500)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="merged")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    set_aside_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["dialogue", "question", "normal"], name="proposal_words")]


class Pick(models.Model):
    """A place among a table's three: which card stands behind a proposal."""

    sitting = models.ForeignKey(Sitting, on_delete=models.CASCADE, related_name="picks")
    question = models.SmallIntegerField()
    place = models.SmallIntegerField()
    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="picks")
    proposal = models.ForeignKey(Proposal, on_delete=models.CASCADE, related_name="picks")
    marks = models.SmallIntegerField(default=0)  # how many at the table marked it
    of = models.SmallIntegerField(default=0)  # of how many

    class Meta:
        ordering = ["place"]
        constraints = [models.UniqueConstraint(fields=["sitting", "question", "place"], name="pick_place")]


class Ballot(models.Model):
    """A silent ballot in the hall: what a seat can stand behind. When the meeting is closed nothing tells whose."""

    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="ballots")
    seat = models.ForeignKey(Seat, null=True, on_delete=models.CASCADE, related_name="ballots")
    question = models.SmallIntegerField()
    proposals = models.ManyToManyField(Proposal, related_name="ballots")
    cast_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seat", "question"], name="ballot_once")]


class Choice(models.Model):
    """The hall's result for a question: computed by engine.choosing, stored with seed, version and explanation."""

    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="choices")
    question = models.SmallIntegerField()
    computed_at = models.DateTimeField()
    seed = models.BigIntegerField()
    version = models.CharField(max_length=40)
    ballots = models.IntegerField()
    told = models.JSONField()  # receipt, coverage, what most marks would have given, ties

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dialogue", "question"], name="choice_once")]


class Chosen(models.Model):
    """One of the three, in the order of purchase."""

    choice = models.ForeignKey(Choice, on_delete=models.CASCADE, related_name="chosen")
    place = models.SmallIntegerField()
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="+")
    tables = models.SmallIntegerField()
    ballots = models.IntegerField()

    class Meta:
        ordering = ["place"]
        constraints = [models.UniqueConstraint(fields=["choice", "place"], name="chosen_place")]


class HiddenWord(models.Model):
    """A word that the leaders took off the list of words."""

    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="hidden_words")
    word = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dialogue", "word"], name="hidden_word_once")]


class Grouping(models.Model):
    """The themes of a question's shared notes: computed by engine.themes, stored with seed, version and explanation.

    Its row is the lock for everything that changes them.
    """

    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="groupings")
    question = models.SmallIntegerField()
    computed_at = models.DateTimeField(null=True)
    seed = models.BigIntegerField()
    version = models.CharField(max_length=40, blank=True)
    told = models.JSONField(default=list)  # the engine's description in kinds and numbers

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dialogue", "question"], name="grouping_once")]


class Theme(models.Model):
    """A theme of a question. What the leaders did with it (title, hidden, laid under another) is taken back freely.

    ``words`` are the most telling ones among its notes; a found theme's name is made of such words.
    """

    class Origin(models.TextChoices):
        LEXICON = "lexicon", _("Från ordlistan")
        FOUND = "found", _("Hittat i tankarna")
        HAND = "hand", _("Gjort av samtalsledaren")
        OTHER = "other", _("Övrigt")

    grouping = models.ForeignKey(Grouping, on_delete=models.CASCADE, related_name="themes")
    key = models.CharField(max_length=80)
    origin = models.CharField(max_length=7, choices=Origin.choices)
    position = models.SmallIntegerField()
    names = models.JSONField(default=dict)
    words = ArrayField(models.CharField(max_length=80), default=list)
    title = models.CharField(max_length=60, blank=True)  # what the leaders call it
    title_before = models.CharField(max_length=60, blank=True)
    is_hidden = models.BooleanField(default=False)
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="merged")

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["grouping", "key"], name="theme_key"),
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="theme_not_into_itself"),
            models.CheckConstraint(condition=~Q(origin="other", merged_into__isnull=False), name="theme_other_stays"),
        ]


class ThemePlace(models.Model):
    """The theme a note is in, how sure that is, and why: its words, a leader's hand, or that it repeats a note."""

    class Because(models.TextChoices):
        WORDS = "words", _("Orden i tanken")
        HAND = "hand", _("Flyttad av samtalsledaren")
        REPEAT = "repeat", _("Säger samma sak som en annan")
        NOTHING = "nothing", _("Inget ord talar för ett tema")

    note = models.OneToOneField(Note, on_delete=models.CASCADE, related_name="theme_place")
    theme = models.ForeignKey(Theme, on_delete=models.CASCADE, related_name="places")
    confidence = models.FloatField()
    because = models.CharField(max_length=7, choices=Because.choices)
    words = ArrayField(models.CharField(max_length=80), default=list)  # those in the note that speak for the theme
    same_as = models.ForeignKey(Note, null=True, blank=True, on_delete=models.SET_NULL, related_name="repeats")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(confidence__gte=0, confidence__lte=1), name="theme_place_confidence"),
            models.CheckConstraint(condition=~Q(same_as=F("note")), name="theme_place_not_its_own_repeat"),
        ]


class NotesApart(models.Model):
    """Two notes that the engine laid together and a leader took apart."""

    one = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="notes_apart_once"),
            models.CheckConstraint(condition=Q(one__lt=F("other")), name="notes_apart_in_order"),
        ]


@pghistory.track()
class Agreement(models.Model):
    """What the room agreed: owner (a name inside, a role in public), date, and what became of it."""

    class Becomes(models.TextChoices):
        TRIAL = "trial", _("Ett försök")
        NEED = "need", _("Ett behov")
        DECISION = "decision", _("En fråga för beslut")
        NOTHING = "nothing", _("Inget mer")

    class Outcome(models.TextChoices):
        DONE = "done", _("Vi gjorde det")
        PARTLY = "partly", _("En del av det")
        GOING_ON = "going_on", _("Det pågår")
        NOT_DONE = "not_done", _("Det blev inte av")

    dialogue = models.ForeignKey(Dialogue, on_delete=models.PROTECT, related_name="agreements")
    proposal = models.ForeignKey(Proposal, null=True, blank=True, on_delete=models.PROTECT, related_name="agreements")
    text = models.CharField(max_length=500)
    owner = models.CharField(max_length=120, blank=True)
    owner_role = models.CharField(max_length=120, blank=True)
    due_on = models.DateField(null=True, blank=True)
    becomes = models.CharField(max_length=8, choices=Becomes.choices, default=Becomes.NOTHING)
    key = models.CharField(max_length=64)
    agreed_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, blank=True)
    outcome_words = models.CharField(max_length=500, blank=True)
    # Words that a seat has written are inside until somebody with a name has read them.
    outcome_is_open = models.BooleanField(default=True, db_default=True)
    outcome_at = models.DateTimeField(null=True, blank=True)
    outcome_in = models.ForeignKey(Dialogue, null=True, blank=True, on_delete=models.SET_NULL, related_name="answered")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["dialogue", "key"], name="agreement_key")]


class Telling(models.Model):
    """What else has been told of what became of an agreement, and when; the agreement itself has what is told now.

    ``is_open``: somebody with a name told it. What a seat told waits until somebody with a name has read it.
    """

    agreement = models.ForeignKey(Agreement, on_delete=models.CASCADE, related_name="tellings")
    outcome = models.CharField(max_length=8, choices=Agreement.Outcome.choices)
    words = models.CharField(max_length=500, blank=True)
    is_open = models.BooleanField()
    told_at = models.DateTimeField()
    told_in = models.ForeignKey(Dialogue, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["told_at", "pk"]


class Checkout(models.Model):
    """One tap at the end. ``token`` is made from the seat's secret: nobody can tell whose answer it is."""

    class Level(models.IntegerChoices):
        BAD = 1, _("Inte bra")
        SO_SO = 2, _("Sådär")
        GOOD = 3, _("Bra")

    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="checkouts")
    token = models.BinaryField(max_length=16)
    level = models.SmallIntegerField(choices=Level.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dialogue", "token"], name="checkout_once"),
            models.CheckConstraint(condition=Q(level__in=[1, 2, 3]), name="checkout_level"),
        ]


class Reminder(models.Model):
    """A reminder of an unattended dialogue that has been sent."""

    dialogue = models.ForeignKey(Dialogue, on_delete=models.CASCADE, related_name="reminders")
    after_min = models.IntegerField()
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dialogue", "after_min"], name="reminder_once")]
