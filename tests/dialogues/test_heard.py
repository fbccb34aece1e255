"""What a unit had heard, in the dialogue that took it up: on the big screen, in the protocol, and not for others."""

import csv
import io
import json

import pytest
from django.test import Client
from django.urls import reverse

from samspel.dialogues.actions import leading
from samspel.dialogues.models import Agreement, Dialogue, Question
from samspel.dialogues.protocol import protocol_of
from samspel.dialogues.protocol_document import pdf_data
from tests.conftest import SignIn
from tests.dialogues.test_hall_screens import LEAST_SHARE, LONG, MEASURE, PICTURES, SIZES, in_browser
from tests.people import WHEN, Town, actor_of, go_to, make_dialogue

SAID = {
    "signal_id": 1,
    "words": "Jag väntade och ingen sa hur länge.",
    "source": "Sagt i receptionen",
    "is_pattern": False,
    "written": [],
    "hindered": [],
}
PATTERN = {
    "signal_id": 2,
    "words": "Sedan vecka 41 säger färre besökare att mötet var bra.",
    "source": "Ungefär 100 svar före och 50 efter",
    "is_pattern": True,
    "written": [["väntade", 14], ["kö", 11]],
    "hindered": [["Väntan innan", 13]],
}


@pytest.fixture
def leader(town: Town, signed_in: SignIn) -> Client:
    return signed_in(town.facilitator)


@pytest.fixture
def meeting(town: Town) -> Dialogue:
    return make_dialogue(town.guidance, now_at="frame")


def opens_with(dialogue: Dialogue, *heard: dict[str, object]) -> Dialogue:
    dialogue.heard = list(heard)
    dialogue.save(update_fields=["heard"])
    return dialogue


def closed(dialogue: Dialogue, town: Town) -> Dialogue:
    leading.close_dialogue(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, at=WHEN)
    dialogue.refresh_from_db()
    return dialogue


def screen(leader: Client, dialogue: Dialogue) -> str:
    return leader.get(reverse("dialogue_screen_now", args=[dialogue.pk])).content.decode()


def rows_of(content: bytes) -> set[tuple[str, str, str]]:
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return {(row["kind"], row["text"], row["count"]) for row in rows}


def test_the_hall_opens_with_what_was_heard_and_the_words_behind_it(meeting: Dialogue, leader: Client) -> None:
    opens_with(meeting, SAID, PATTERN)

    shown = screen(leader, meeting)

    assert "”Jag väntade och ingen sa hur länge.”" in shown
    assert str(PATTERN["words"]) in shown
    assert f"”{PATTERN['words']}”" not in shown
    assert "Ungefär 100 svar före och 50 efter" in shown
    assert "<b>väntade</b> 14, <b>kö</b> 11" in shown
    assert "Väntan innan 13" in shown
    assert "till står på telefonen" not in shown


def test_a_third_is_told_of_and_stands_on_the_phones(meeting: Dialogue, leader: Client) -> None:
    opens_with(meeting, SAID, PATTERN, SAID | {"words": "Vem ska jag ringa?"})

    shown = screen(leader, meeting)

    assert "Vem ska jag ringa?" not in shown
    assert "En sak till står på telefonen." in shown


@pytest.mark.parametrize("kind", ["solo", "small", "whole"])
def test_when_the_room_has_begun_the_screen_is_its_own(meeting: Dialogue, leader: Client, kind: str) -> None:
    opens_with(meeting, SAID)

    go_to(meeting, kind)

    assert str(SAID["words"]) not in screen(leader, meeting)


def test_the_protocol_begins_with_what_was_heard(meeting: Dialogue, leader: Client, town: Town) -> None:
    here = f"/dialogues/{closed(opens_with(meeting, SAID, PATTERN), town).pk}/protocol"

    page = leader.get(here).content.decode()
    rows = rows_of(leader.get(f"{here}.csv").getvalue())
    record = json.loads(leader.get(f"{here}.json").getvalue())
    document = leader.get(f"{here}.pdf").getvalue()

    assert page.index(str(PATTERN["words"])) < page.index('id="fraga-1"')
    assert "Väntan innan 13" in page
    assert rows >= {
        ("heard", str(SAID["words"]), ""),
        ("heard", str(PATTERN["words"]), ""),
        ("heard, word", "väntade", "14"),
        ("heard, in the way", "Väntan innan", "13"),
    }
    assert record["heard"][1]["written"] == [{"text": "väntade", "count": 14}, {"text": "kö", "count": 11}]
    assert document.startswith(b"%PDF-1.7")


def test_the_document_has_the_words_in_the_readers_language(meeting: Dialogue, town: Town) -> None:
    dialogue = closed(opens_with(meeting, SAID, PATTERN), town)

    said, pattern = pdf_data(protocol_of(dialogue, inside=True))["heard"]

    assert said == {"text": f"”{SAID['words']}”", "by": SAID["source"], "behind": []}
    assert pattern["behind"] == ["Besökarna skriver: väntade 14, kö 11", "I vägen, säger besökarna: Väntan innan 13"]
    assert pdf_data(protocol_of(dialogue, inside=True), part=2, of=2)["heard"] == []


def test_others_get_what_somebody_said_and_never_a_pattern(meeting: Dialogue, town: Town, client: Client) -> None:
    dialogue = closed(opens_with(meeting, SAID, PATTERN), town)
    there = f"/open/{dialogue.slug}"

    told = [client.get(there).content.decode()]
    told += [client.get(f"{there}.{kind}").getvalue().decode() for kind in ("csv", "json")]
    told.append(client.get(f"/api/open/dialogues/{dialogue.slug}").getvalue().decode())
    told.append(json.dumps(pdf_data(protocol_of(dialogue, inside=False)), ensure_ascii=False))

    for text in told:
        assert str(SAID["words"]) in text
        assert not any(hidden in text for hidden in (PATTERN["words"], PATTERN["source"], "väntade 14", "Väntan innan"))  # type: ignore[operator]


def test_a_meeting_that_takes_up_nothing_says_nothing_of_it(meeting: Dialogue, leader: Client, town: Town) -> None:
    assert "Det här har vi hört" not in screen(leader, meeting)

    page = leader.get(f"/dialogues/{closed(meeting, town).pk}/protocol").content.decode()

    assert "Det här har vi hört" not in page


@pytest.mark.browser
@pytest.mark.slow
def test_the_opening_is_read_from_the_back_row_and_nothing_is_cut_off(
    town: Town, leader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [Agreement(text=LONG[:150], owner_role="Den som tar emot", outcome="partly") for _each in range(3)]
    long = PATTERN | {
        "words": f"{LONG} {LONG}"[:300],
        "source": LONG[:200],
        "written": [[f"medborgarinflytandeprocessen{number}", 1000 + number] for number in range(4)],
        "hindered": [[f"{LONG[:60]} {number}", 1000] for number in range(4)],
    }
    pages = {}
    for name, question, heard, agreed in (
        ("said", "Vad behöver vi för att lyckas?", [SAID], []),
        ("pattern", "Hur tar vi emot den som väntar?", [PATTERN], before[:1]),
        ("both", "Hur tar vi emot den som väntar?", [PATTERN, SAID], []),
        ("short-two", "Hur tar vi emot den som väntar hos oss nu?", [long, long], []),
        ("long-one", LONG[:200], [long], []),
        ("long-two", LONG[:200], [long, long], []),
        ("long-all", LONG[:200], [long, long, long], before),
    ):
        dialogue = opens_with(make_dialogue(town.guidance, now_at="frame"), *heard)
        Question.objects.filter(dialogue=dialogue).update(text=question)
        with monkeypatch.context() as patched:
            patched.setattr("samspel.dialogues.queries.agreements_to_open_with", lambda _dialogue, found=agreed: found)
            pages[name] = leader.get(reverse("dialogue_screen", args=[dialogue.pk])).content.decode()

    wrong = []
    for name, page in in_browser(pages):
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            wrong += [f"{name} {width}×{height}: {each}" for each in dict.fromkeys(page.evaluate(MEASURE, LEAST_SHARE))]
            if PICTURES:
                page.screenshot(path=f"{PICTURES}/screen-heard-{name}-{width}x{height}.png")

    assert not wrong, "\n".join(wrong)
