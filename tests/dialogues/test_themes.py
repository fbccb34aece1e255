"""Themes of a question: notes stream in, leaders have the last word, and all of it is taken back."""

import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from samspel.core.errors import ConflictError, InvalidError, NotFoundError
from samspel.core.models import AuditEntry
from samspel.dialogues import theme_queries
from samspel.dialogues.actions import leading, themes, whole
from samspel.dialogues.actions.reviewing import ASIDE, BACK, Judgement, review_many
from samspel.dialogues.models import ConsoleAction, Dialogue, Grouping, Note, NotesApart, State, Theme, ThemePlace
from samspel.live.models import Outbox
from tests.conftest import SignIn
from tests.dialogues.test_screen import phone
from tests.people import WHEN, Town, actor_of, device_key, make_dialogue, make_seat

SAID = (
    "Fler bussar till byarna",
    "Bussen går för sällan till Vallby",
    "fler bussar till byarna!",
    "Cykelväg till skolan",
    "Belysning på cykelvägen",
    "Skolan behöver fler lärare",
    "Mer stöd till eleverna i skolan",
    "Xylofon",
)


def say(dialogue: Dialogue, *texts: str) -> list[Note]:
    """Notes that are shared at the first table, by a seat of their own."""
    table = dialogue.tables.order_by("number")[0]
    seat = dialogue.seats.first() or make_seat(dialogue, table)[0]
    return Note.objects.bulk_create(
        Note(dialogue=dialogue, seat=seat, table=table, text=text, key=device_key(), written_at=WHEN, shared_at=WHEN)
        for text in texts
    )


class Hall:
    """A dialogue with notes, and a leader to sort them."""

    def __init__(self, town: Town, *texts: str) -> None:
        self.leader = actor_of(town.facilitator)
        self.dialogue = make_dialogue(town.guidance, now_at="whole", tables=2)
        self.notes = say(self.dialogue, *texts)
        self.place()

    def place(self) -> int:
        return themes.place_notes(actor=self.leader, dialogue_id=self.dialogue.pk, question=1, at=WHEN)

    def theme(self, key: str) -> Theme:
        return Theme.objects.get(grouping__dialogue=self.dialogue, key=key)

    def move(self, note: Note, theme: Theme | None = None, title: str = "") -> Theme:
        return themes.move_notes(
            actor=self.leader,
            dialogue_id=self.dialogue.pk,
            note_ids=[note.pk],
            theme_id=theme.pk if theme else None,
            title=title,
            at=WHEN,
        )

    def undo(self, at: object = WHEN) -> None:
        action = ConsoleAction.objects.filter(dialogue=self.dialogue).first()
        assert action is not None
        leading.undo(actor=self.leader, dialogue_id=self.dialogue.pk, action_id=action.pk, at=at)  # type: ignore[arg-type]

    def places(self) -> dict[str, tuple[str, str]]:
        rows = ThemePlace.objects.filter(theme__grouping__dialogue=self.dialogue)
        return {text: (key, why) for text, key, why in rows.values_list("note__text", "theme__key", "because")}

    def counts(self) -> dict[str, int]:
        return {each.key: each.count for each in theme_queries.themes_of(self.dialogue, 1)}


@pytest.fixture
def hall(town: Town) -> Hall:
    return Hall(town, *SAID)


# ---------------------------------------------------------------- what the engine proposes


def test_shared_notes_get_themes_with_how_sure_and_why(hall: Hall) -> None:
    places = hall.places()

    assert places["Fler bussar till byarna"] == ("kollektivtrafik", "words")
    assert places["Xylofon"][0] == "other"
    assert hall.counts()["kollektivtrafik"] == 3
    bus = ThemePlace.objects.get(note=hall.notes[0])
    assert 0 < bus.confidence < 1
    assert "bussar" in bus.words


def test_the_result_keeps_its_seed_its_version_and_its_explanation(hall: Hall) -> None:
    grouping = Grouping.objects.get(dialogue=hall.dialogue)

    assert grouping.seed
    assert grouping.version.startswith("samspel ")
    assert dict(grouping.told)["coverage"]["notes"] == len(SAID)
    assert dict(grouping.told)["merged"]["repeats"] == 1


def judge(hall: Hall, note: Note, to: str) -> None:
    judgements = [Judgement("note", note.pk, to)]
    review_many(actor=hall.leader, dialogue_id=hall.dialogue.pk, judgements=judgements, at=WHEN)


def test_what_nobody_shared_and_what_is_set_aside_has_no_theme(town: Town) -> None:
    hall = Hall(town, "Fler bussar", "Bussen är sen")
    seat = hall.dialogue.seats.get()
    Note.objects.create(dialogue=hall.dialogue, seat=seat, sealed=b"?", key=device_key(), written_at=WHEN)
    harm = say(hall.dialogue, "Busschauffören Berit är dum")[0]
    hall.place()
    assert len(hall.places()) == 3

    Outbox.objects.all().delete()
    judge(hall, harm, ASIDE)

    assert len(hall.places()) == 2
    assert hall.counts() == {"kollektivtrafik": 2}
    assert not any("berit" in word for row in Theme.objects.all() for word in row.words)

    assert set(Outbox.objects.values_list("name", flat=True)) >= {"table", "themes"}

    judge(hall, harm, BACK)
    hall.place()
    assert hall.counts() == {"kollektivtrafik": 3}


def test_notes_that_come_later_move_no_note_that_is_placed_and_no_name(hall: Hall) -> None:
    before = hall.places()
    names = {row.key: (row.names, row.title) for row in Theme.objects.all()}
    sure = set(ThemePlace.objects.filter(confidence__gte=0.5).values_list("note__text", flat=True))

    more = ("Cykelparkering vid stationen", "Bussfil", "En park att vila i", "Tryggare gator", "Fler lärare i skolan")
    for text in more:
        say(hall.dialogue, text)
        assert hall.place() == 1

    after = hall.places()
    assert {text: after[text] for text in sure} == {text: before[text] for text in sure}
    assert {row.key: (row.names, row.title) for row in Theme.objects.filter(key__in=names)} == names
    assert hall.place() == 0


def test_placing_again_says_and_changes_nothing(hall: Hall) -> None:
    Outbox.objects.all().delete()
    audit = AuditEntry.objects.count()

    assert hall.place() == 0

    assert AuditEntry.objects.count() == audit
    assert not Outbox.objects.exists()


# ---------------------------------------------------------------- the leader's hand


def test_a_moved_note_is_there_for_good_and_its_words_teach_the_others_at_once(town: Town) -> None:
    hall = Hall(town, "Xylofonen är trasig", "En ny xylofon vore bra", "Fler bussar", "Cykelväg till skolan")
    assert hall.places()["En ny xylofon vore bra"][0] != "natur"

    hall.move(hall.notes[0], hall.theme("natur"))

    assert hall.places()["Xylofonen är trasig"] == ("natur", "hand")
    assert hall.places()["En ny xylofon vore bra"] == ("natur", "words")
    say(hall.dialogue, "Stäm xylofonen", "Bussen är full")
    hall.place()
    assert hall.places()["Xylofonen är trasig"] == ("natur", "hand")
    assert hall.places()["Stäm xylofonen"][0] == "natur"


def test_a_move_can_be_undone_with_all_that_it_taught(town: Town) -> None:
    hall = Hall(town, "Xylofonen är trasig", "En ny xylofon vore bra", "Fler bussar", "Cykelväg till skolan")
    before = hall.places()
    hall.move(hall.notes[0], hall.theme("natur"))

    hall.undo()

    assert hall.places() == before


def test_a_drag_that_comes_twice_is_one_change(hall: Hall) -> None:
    theme = hall.theme("natur")
    hall.move(hall.notes[0], theme)
    actions, audit = ConsoleAction.objects.count(), AuditEntry.objects.count()

    hall.move(hall.notes[0], theme)

    assert (ConsoleAction.objects.count(), AuditEntry.objects.count()) == (actions, audit)


def test_what_repeats_a_note_comes_along_when_it_is_moved(hall: Hall) -> None:
    hall.move(hall.notes[0], hall.theme("natur"))

    assert hall.places()["fler bussar till byarna!"] == ("natur", "repeat")


def test_a_note_is_moved_to_a_new_theme_and_undo_takes_the_theme_away(hall: Hall) -> None:
    made = hall.move(hall.notes[7], title="  Fika   och paus ")

    assert made.title == "Fika och paus"
    assert hall.counts()[made.key] == 1
    with pytest.raises(ConflictError):
        hall.undo(at=WHEN + timedelta(minutes=1))
    hall.undo()
    assert not Theme.objects.filter(pk=made.pk).exists()

    made = hall.move(hall.notes[7], title="Fika och paus")
    assert hall.move(hall.notes[6], title="fika och paus") == made
    hall.undo()
    assert hall.counts()[made.key] == 1


def test_a_theme_needs_a_name_that_fits(hall: Hall) -> None:
    for title in ("", "x" * 61):
        with pytest.raises(InvalidError):
            hall.move(hall.notes[0], title=title)


def test_only_a_shared_note_of_this_dialogue_is_moved_and_only_to_its_own_theme(hall: Hall, town: Town) -> None:
    other = Hall(town, "Fler bussar")

    with pytest.raises(NotFoundError):
        hall.move(other.notes[0], hall.theme("natur"))
    with pytest.raises(NotFoundError):
        hall.move(hall.notes[0], other.theme("natur"))


def test_near_duplicates_are_laid_together_and_taken_apart_and_together_again(hall: Hall) -> None:
    later = hall.notes[2]
    assert ThemePlace.objects.get(note=later).same_as == hall.notes[0]

    themes.take_apart(actor=hall.leader, dialogue_id=hall.dialogue.pk, note_id=later.pk, at=WHEN)

    assert ThemePlace.objects.get(note=later).same_as is None
    say(hall.dialogue, "Nattbuss")
    hall.place()
    assert ThemePlace.objects.get(note=later).same_as is None

    themes.lay_together(actor=hall.leader, dialogue_id=hall.dialogue.pk, note_id=later.pk, at=WHEN)
    assert ThemePlace.objects.get(note=later).same_as == hall.notes[0]
    hall.undo()
    assert ThemePlace.objects.get(note=later).same_as is None
    assert NotesApart.objects.count() == 1


def test_two_themes_are_laid_together_and_taken_apart_as_they_were(hall: Hall) -> None:
    before = hall.counts()
    bike, bus = hall.theme("cykel"), hall.theme("kollektivtrafik")

    themes.merge_themes(actor=hall.leader, dialogue_id=hall.dialogue.pk, theme_id=bike.pk, into_id=bus.pk, at=WHEN)

    assert hall.counts()["kollektivtrafik"] == before["kollektivtrafik"] + before["cykel"]
    assert "cykel" not in hall.counts()
    say(hall.dialogue, "Cykelställ")
    hall.place()
    themes.part_theme(actor=hall.leader, dialogue_id=hall.dialogue.pk, theme_id=bike.pk, at=WHEN)
    assert hall.counts() == before | {"cykel": before["cykel"] + 1}


def test_a_theme_is_renamed_and_hidden_and_both_are_undone(hall: Hall) -> None:
    bus = hall.theme("kollektivtrafik")
    themes.rename_theme(
        actor=hall.leader, dialogue_id=hall.dialogue.pk, theme_id=bus.pk, title="Resor till byarna", at=WHEN
    )
    assert "Resor till byarna" in [each.name for each in theme_queries.themes_of(hall.dialogue, 1)]
    say(hall.dialogue, "Nattbuss")
    hall.place()
    assert hall.theme("kollektivtrafik").title == "Resor till byarna"
    hall.undo()
    assert hall.theme("kollektivtrafik").title == ""

    themes.set_hidden(actor=hall.leader, dialogue_id=hall.dialogue.pk, theme_id=bus.pk, wanted=True, at=WHEN)
    assert "kollektivtrafik" not in hall.counts()
    hall.undo()
    assert "kollektivtrafik" in hall.counts()


def test_an_undo_of_a_theme_leaves_the_step_and_the_screen_alone(hall: Hall) -> None:
    hall.move(hall.notes[0], hall.theme("natur"))
    Dialogue.objects.filter(pk=hall.dialogue.pk).update(is_dark=True)

    hall.undo()

    assert Dialogue.objects.get(pk=hall.dialogue.pk).is_dark


# ---------------------------------------------------------------- what is told, and to whom


def test_words_never_reach_the_audit_trail_the_events_or_what_undo_keeps(hall: Hall) -> None:
    hall.move(hall.notes[0], hall.theme("natur"))
    hall.move(hall.notes[7], title="Fikarum")
    themes.take_apart(actor=hall.leader, dialogue_id=hall.dialogue.pk, note_id=hall.notes[2].pk, at=WHEN)

    kept = json.dumps(
        [
            *AuditEntry.objects.values_list("facts", flat=True),
            *Outbox.objects.values_list("data", flat=True),
            *ConsoleAction.objects.values_list("before", flat=True),
        ]
    ).casefold()

    assert not any(word in kept for said in (*SAID, "Fikarum") for word in said.casefold().split() if len(word) > 3)


def test_a_word_that_one_person_wrote_names_nothing_and_a_hidden_word_is_gone(town: Town) -> None:
    hall = Hall(town, *(f"Bussen till Vallby är sen {day}" for day in ("måndag", "tisdag", "onsdag")), *SAID, "Berit!")

    told = {word for row in Theme.objects.all() for word in row.words}
    assert "bussen" in told
    assert not {"berit", "måndag"} & told

    whole.hide_word(actor=hall.leader, dialogue_id=hall.dialogue.pk, word="Buss", at=WHEN)
    shown = {word for each in theme_queries.themes_of(hall.dialogue, 1) for word in each.words}
    assert not any(word in shown for word in ("buss", "bussen", "bussar"))


def test_closing_keeps_the_themes_and_nothing_that_ties_a_note_to_who_wrote_it(
    hall: Hall, django_capture_on_commit_callbacks: pytest.FixtureRequest
) -> None:
    hall.move(hall.notes[0], hall.theme("natur"))
    say(hall.dialogue, "Nattbuss från stationen")
    before = hall.counts()

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        leading.close_dialogue(actor=hall.leader, dialogue_id=hall.dialogue.pk, at=WHEN)

    assert hall.counts() == before | {"kollektivtrafik": before["kollektivtrafik"] + 1}
    assert hall.places()["Fler bussar till byarna"] == ("natur", "hand")
    assert not Note.objects.filter(dialogue=hall.dialogue).exclude(seat=None).exists()
    names = {field.name for model in (Grouping, Theme, ThemePlace, NotesApart) for field in model._meta.get_fields()}
    assert not {"seat", "author", "person"} & names


def test_who_leads_sorts_also_afterwards_and_nobody_else_ever(hall: Hall, town: Town) -> None:
    for person in (town.member, town.outsider):
        with pytest.raises(NotFoundError):
            themes.place_notes(actor=actor_of(person), dialogue_id=hall.dialogue.pk, question=1, at=WHEN)
    Dialogue.objects.filter(pk=hall.dialogue.pk).update(state=State.CLOSED, closed_at=WHEN)

    hall.move(hall.notes[0], hall.theme("natur"))

    assert hall.places()["Fler bussar till byarna"] == ("natur", "hand")


def test_a_rehearsal_is_erased_with_its_themes(hall: Hall) -> None:
    from samspel.dialogues.actions.rehearsing import erase_rehearsal

    erase_rehearsal(hall.dialogue)

    assert not Grouping.objects.exists()
    assert not ThemePlace.objects.exists()


# ---------------------------------------------------------------- the leaders' page


@pytest.fixture
def leader(signed_in: SignIn, town: Town) -> Client:
    return signed_in(town.facilitator)


def shown(client: Client, hall: Hall, **data: object) -> str:
    answer = client.get(reverse("dialogue_themes", args=[hall.dialogue.pk]), data)  # type: ignore[arg-type]
    assert answer.status_code == 200
    return str(answer.content.decode())


def press(client: Client, hall: Hall, what: str, **data: object) -> str:
    """A press without JavaScript: the page as it comes back."""
    address = reverse("dialogue_themes", args=[hall.dialogue.pk]) + f"/{what}"
    return str(client.post(address, data, follow=True).content.decode())


def test_the_page_shows_themes_with_counts_and_opens_onto_the_notes(hall: Hall, leader: Client) -> None:
    bus = hall.theme("kollektivtrafik")

    html = shown(leader, hall, theme=bus.pk)

    assert "Kollektivtrafik" in html
    assert "Bussen går för sällan till Vallby" in html
    assert "1 till säger samma sak" in html
    assert "Skolan behöver fler lärare" not in html
    assert "data-live-audience" in html
    assert not re.search(r"\sstyle=", html)


def test_the_page_opens_also_before_a_question_is_written(town: Town, leader: Client) -> None:
    dialogue = make_dialogue(town.guidance)
    dialogue.questions.all().delete()

    assert leader.get(reverse("dialogue_themes", args=[dialogue.pk])).status_code == 200


def test_everything_is_done_without_script(hall: Hall, leader: Client) -> None:
    say(hall.dialogue, "Nattbuss till stationen")
    assert "1 tanke väntar på ett tema." in shown(leader, hall)
    press(leader, hall, "place", question=1)
    assert "Nattbuss till stationen" in hall.places()

    bus, bike, note = hall.theme("kollektivtrafik"), hall.theme("cykel"), hall.notes[7]
    html = press(leader, hall, "move", note=[note.pk, hall.notes[5].pk], to=bike.pk, theme=bus.pk, question=1)
    assert "Senast: Malin Samtalsledare" in html
    assert hall.places()["Xylofon"] == ("cykel", "hand")
    assert hall.places()[hall.notes[5].text] == ("cykel", "hand")
    last = ConsoleAction.objects.first()
    assert last is not None
    ConsoleAction.objects.filter(pk=last.pk).update(at=timezone.now())
    press(leader, hall, "undo", action=last.pk)
    assert hall.places()["Xylofon"][1] != "hand"

    press(leader, hall, "rename", changed=bike.pk, title="På två hjul")
    press(leader, hall, "merge", changed=bus.pk, into=bike.pk)
    html = shown(leader, hall, theme=bike.pk)
    assert "På två hjul" in html
    assert "Här ligger också Kollektivtrafik" in html
    press(leader, hall, "part", changed=bus.pk)
    press(leader, hall, "hide", changed=bike.pk, wanted="on")
    assert "Dolda teman" in shown(leader, hall)
    press(leader, hall, "hide", changed=bike.pk, wanted="off")
    assert "Dolda teman" not in shown(leader, hall)
    press(leader, hall, "apart", note=hall.notes[2].pk)
    assert "Lägg ihop igen" in shown(leader, hall, theme=bus.pk)
    press(leader, hall, "together", note=hall.notes[2].pk)
    assert "1 till säger samma sak" in shown(leader, hall, theme=bus.pk)


def test_what_is_missing_is_said_in_words(hall: Hall, leader: Client) -> None:
    assert "Välj en tanke först." in press(leader, hall, "move", to=hall.theme("cykel").pk)
    assert "Välj ett tema, eller skriv ett nytt." in press(leader, hall, "move", note=hall.notes[0].pk)
    assert "Högst 60 tecken." in press(leader, hall, "move", note=hall.notes[0].pk, title="x" * 61)
    other = hall.theme("other")
    assert "Övrigt kan inte ligga" in press(leader, hall, "merge", changed=other.pk, into=hall.theme("cykel").pk)


def test_a_hall_of_notes_costs_no_more_queries_than_a_few(town: Town, signed_in: SignIn) -> None:
    client, counts = signed_in(town.facilitator), []
    for many in (1, 40):
        hall = Hall(town, *(f"{text} {number}" for text in SAID for number in range(many)))
        theme = hall.theme("kollektivtrafik")
        with CaptureQueriesContext(connection) as asked:
            html = shown(client, hall, theme=theme.pk)
        counts.append(len(asked))
        assert html.count("data-note=") <= 30

    assert counts[0] == counts[1] <= 26


def test_somebody_else_meets_no_page_and_a_note_of_another_dialogue_is_no_note(
    hall: Hall, town: Town, signed_in: SignIn
) -> None:
    address = reverse("dialogue_themes", args=[hall.dialogue.pk])
    for person in (town.member, town.outsider):
        assert signed_in(person).get(address).status_code == 404
        assert signed_in(person).post(f"{address}/move", {"note": hall.notes[0].pk, "title": "x"}).status_code == 404

    other = Hall(town, "Fler bussar")
    client = signed_in(town.facilitator)
    assert client.post(f"{address}/move", {"note": other.notes[0].pk, "title": "x"}).status_code == 404
    assert client.post(f"{address}/apart", {"note": other.notes[0].pk}).status_code == 404
    assert client.post(f"{address}/hide", {"changed": other.theme("cykel").pk, "wanted": "on"}).status_code == 404


# ---------------------------------------------------------------- phones, protocol, interface


def open_it(hall: Hall, **values: object) -> None:
    Dialogue.objects.filter(pk=hall.dialogue.pk).update(**values)


def test_phones_see_themes_with_the_screen_and_never_before_the_words_are_read_through(hall: Hall) -> None:
    client = phone(hall.dialogue)

    def together() -> str:
        return str(client.get(reverse("join", args=[hall.dialogue.code])).content.decode())

    assert "Kollektivtrafik" not in together()
    open_it(hall, screen="themes", needs_review=True)
    assert "Kollektivtrafik" not in together()
    open_it(hall, words_reviewed=True)
    html = together()
    assert "Kollektivtrafik" in html
    assert "Bussen går för sällan till Vallby" not in html.partition("open-themes")[2]


def test_the_protocol_lists_themes_and_the_open_one_only_what_the_hall_could_see(
    hall: Hall, leader: Client, django_capture_on_commit_callbacks: pytest.FixtureRequest
) -> None:
    themes.set_hidden(
        actor=hall.leader, dialogue_id=hall.dialogue.pk, theme_id=hall.theme("cykel").pk, wanted=True, at=WHEN
    )
    open_it(hall, needs_review=True)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        leading.close_dialogue(actor=hall.leader, dialogue_id=hall.dialogue.pk, at=WHEN)
    inside = leader.get(reverse("dialogue_protocol", args=[hall.dialogue.pk])).content.decode()
    public = reverse("dialogue_public", args=[hall.dialogue.slug])

    assert "Kollektivtrafik" in inside
    assert "Cykling" not in inside
    assert "Kollektivtrafik" not in Client().get(public).content.decode()
    open_it(hall, words_reviewed=True)
    assert "Kollektivtrafik" in Client().get(public).content.decode()


def test_the_interface_gives_the_themes_of_open_and_own_dialogues(hall: Hall, leader: Client, town: Town) -> None:
    open_it(hall, state=State.CLOSED, closed_at=WHEN, step=None)
    slug, own = f"/api/open/dialogues/{hall.dialogue.slug}/themes", f"/api/dialogues/{hall.dialogue.pk}/themes"

    found = Client().get(slug).json()

    assert found[0]["themes"][0] | {"words": []} == {
        "key": "kollektivtrafik",
        "name": "Kollektivtrafik",
        "notes": 3,
        "guesses": 0,
        "words": [],
    }
    assert leader.get(own).json()[0]["themes"] == found[0]["themes"]
    assert Client().get(own).status_code == 401
    open_it(hall, is_public=False, closed_reason="Sekretess")
    assert Client().get(slug).status_code == 404
