"""The whole dialogue: one console by keyboard only, one big screen, five phones, in Swedish."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site
from tests.e2e.pages import Console, Phone, holds_narrow, look

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

NAMES = ("Amina", "Jonas", "Leila", "Per", "Karin")
THOUGHTS = {
    "Amina": ("Tid att tänka innan vi svarar.", "Det vågar jag bara skriva här."),
    "Jonas": ("Att få prova utan att fråga om lov.",),
    "Leila": ("Någon som säger vad som gäller.",),
    "Per": ("Hålla i. Inte byta spår varje höst.",),
    "Karin": ("Att vi förbereder oss, och pratar efteråt.",),
}


def test_a_dialogue_from_door_to_door(site: Site, open_page: Callable[..., Page]) -> None:
    console = Console(open_page())
    console.sign_in(*site.person("malin"))

    # plan: from the unit's home, by keyboard
    page = console.page
    page.goto(f"/units/{site.town['unit']}")
    look(page, "unit-before")
    code, dialogue = plan(console)

    # the big screen is a window of the same browser
    screen = page.context.new_page()
    screen.goto(f"/dialogues/{dialogue}/screen")
    expect(screen.locator("body")).to_contain_text(f"{code[:3]} {code[3:]}")
    look(screen, "screen-lobby")

    # join, without an account
    phones = {name: Phone(open_page(phone=True)) for name in NAMES}
    for name, phone in phones.items():
        phone.join(code, name)
    look(phones["Amina"].page, "lobby")
    page.goto(f"/dialogues/{dialogue}/lead")
    expect(page.locator(".join")).to_contain_text(re.compile("5 av"))
    look(page, "console-lobby")

    # the meeting is planned for later, so it asks once; it begins with what became of the last agreement
    console.press("ArrowRight")
    page.wait_for_url(re.compile("/lead/begin"))
    look(page, "begin")
    console.tab_to("main form button")
    page.keyboard.press("Enter")
    console.now_is("Välkommen")
    for phone in phones.values():
        expect(phone.page.locator("main")).to_contain_text("Vi hälsar inom en minut")
    look(phones["Jonas"].page, "frame")
    look(screen, "screen-frame")

    # alone
    console.press("ArrowRight")
    console.now_is("Nu tänker alla själva")
    for name, phone in phones.items():
        expect(phone.page.locator("#tanke")).to_be_visible()
        for thought in THOUGHTS[name]:
            phone.think(thought)
    look(phones["Amina"].page, "solo")
    holds_narrow(phones["Amina"].page, "solo")
    phones["Amina"].say_ready()
    phones["Amina"].page.reload()
    expect(phones["Amina"].page.locator("#tankar li")).to_have_count(2)
    expect(page.locator(".now")).to_contain_text("5 av 5 har skrivit minst en tanke.")
    expect(page.locator("body")).not_to_contain_text("Tid att tänka")
    look(page, "console")
    look(screen, "screen-solo")

    # pause, one more minute, and undo
    console.press("Space")
    expect(page.locator(".now")).to_contain_text("Klockan står.")
    console.press("Space")
    expect(page.locator(".now")).not_to_contain_text("Klockan står.")
    console.press("+")
    console.press("ArrowRight")
    console.now_is("Nu pratar borden")
    console.press("z")
    console.now_is("Nu tänker alla själva")
    console.press("ArrowRight")
    console.now_is("Nu pratar borden")

    # at the table
    for name, phone in phones.items():
        if name == "Amina":
            box = phone.page.locator("form[action$='/notes/share'] li", has_text="Tid att tänka")
            box.locator("input[type=checkbox]").check()
            phone.page.locator("form[action$='/notes/share'] button:not([name])").click()
        else:
            phone.share_all()
    for phone in phones.values():
        expect(phone.page.locator("ul.notes > li")).to_have_count(5)
    look(phones["Jonas"].page, "table")
    holds_narrow(phones["Jonas"].page, "table")
    for name, phone in phones.items():
        phone.mark("Tid att tänka")
        if name != "Per":
            phone.mark("Att vi förbereder oss")
        if name in {"Per", "Jonas", "Leila"}:
            phone.mark("Hålla i.")
    for other in phones.values():
        expect(other.page.locator("main")).not_to_contain_text("av 5 valde detta")
    for phone in phones.values():
        phone.done_marking()
    for phone in phones.values():
        expect(phone.page.locator("ol.rank")).to_contain_text("5 av 5 valde detta")
    pen = next(phone for phone in phones.values() if phone.page.locator(".moves").count())
    look(pen.page, "order")
    for name, phone in phones.items():
        if name != "Amina":
            expect(phone.page.locator("body")).not_to_contain_text("Det vågar jag bara skriva här.")

    # who sits where, and the sheet of a table that thinks on paper
    page.locator("a[href$='/seats']").click()
    expect(page.locator(".seated")).to_contain_text("Amina")
    look(page, "seats")
    holds_narrow(page, "seats")
    page.get_by_role("link", name="Amina").click()
    expect(page.locator(".chosen")).to_contain_text("Amina sitter vid")
    look(page, "seats-chosen")
    holds_narrow(page, "seats-chosen")
    page.goto(f"/dialogues/{dialogue}/paper")
    look(page, "paper")
    page.goto(f"/dialogues/{dialogue}/lead")

    # the reason advocate's counter-voice
    advocate = next(phone for phone in phones.values() if "Motröst" in phone.page.locator("body").inner_text())
    look(advocate.page, "order-advocate")

    # the pen-holder hands in
    console.press("ArrowRight")
    pen.page.locator("a[href$='/table/hand-in']").locator("visible=true").first.click()
    pen.page.get_by_role("button", name="Ja, lämna in").click()
    expect(pen.page.locator("body")).to_contain_text("Ta tillbaka och ändra")
    pen.page.goto(f"/m/{code}/")

    # together: read through, ballot, the three
    while page.locator("#nu").inner_text() != "Nu är salen tillsammans":
        before = page.locator("#nu").inner_text()
        console.press("ArrowRight")
        expect(page.locator("#nu")).not_to_have_text(before)
    look(page, "console-together")
    page.goto(f"/dialogues/{dialogue}/review")
    look(page, "review")
    for left in range(page.locator(".review button[name=verdict][value=show]").count(), 0, -1):
        expect(page.locator(".review button[name=verdict][value=show]")).to_have_count(left)
        page.locator(".review button[name=verdict][value=show]").first.focus()
        page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Ingenting väntar.")
    page.get_by_role("button", name="Låt listan med ord visas").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Listan med ord får visas.")
    sort_into_themes(page, dialogue)
    page.goto(f"/dialogues/{dialogue}/lead")
    console.press("ArrowRight")
    console.now_is("Nu väljer alla i tysthet")
    for phone in phones.values():
        expect(phone.page.locator("#rosten label.card")).to_have_count(3)
    look(phones["Leila"].page, "ballot")
    for name, phone in phones.items():
        phone.cast("Tid att tänka", *(["Hålla i."] if name in {"Per", "Jonas"} else ["Att vi förbereder oss"]))
    expect(page.locator(".together")).to_contain_text("5 av 5 har valt")

    # the reveal, three, two, one, on the screen and on every phone
    console.press("v")
    expect(page.locator(".together .chosen li")).to_have_count(3)
    for shown in (1, 2, 3):
        console.press("v")
        expect(screen.locator(".three li:not(.is-hidden)")).to_have_count(shown)
    expect(screen.locator(".three")).to_contain_text("Tid att tänka")
    look(screen, "screen-three")
    for phone in phones.values():
        expect(phone.page.locator("main")).to_contain_text("Tid att tänka")
    look(phones["Karin"].page, "result")
    console.press("v")
    expect(screen.locator(".themes li").first).to_be_visible()
    look(screen, "screen-words")

    # agree
    console.press("ArrowRight")
    console.now_is("Nu kommer ni överens")
    expect(pen.page.locator("#vad")).to_be_visible()
    pen.page.locator("#vad").fill("Vi bokar inga möten efter 15.30.")
    pen.page.locator("#vem").fill("Karin Ek")
    pen.page.locator("#roll").fill("samordnare")
    look(pen.page, "agree")
    pen.page.locator("button[form=skrivet], #skrivet button[type=submit]").locator("visible=true").first.click()
    for phone in phones.values():
        expect(phone.page.locator("main")).to_contain_text("Vi bokar inga möten efter 15.30.")

    # one tap each
    console.press("ArrowRight")
    console.now_is("Hur var det att vara med?")
    for name, phone in phones.items():
        expect(phone.page.locator("button.tap")).to_have_count(3)
        if name == "Amina":
            look(phone.page, "checkout")
        phone.tap("Bra")
        expect(phone.page.locator("main")).to_contain_text(re.compile("Sparat|Tack"))

    # close: what nobody shared is gone, what was agreed stands in the protocol
    page.locator("#b-next").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/close$"))
    look(page, "close")
    console.tab_to("main form button")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/protocol$"))
    expect(page.locator("main")).to_contain_text("Tid att tänka innan vi svarar.")
    expect(page.locator("main")).to_contain_text("Vi bokar inga möten efter 15.30.")
    expect(page.locator("body")).not_to_contain_text("Det vågar jag bara skriva här.")
    look(page, "protocol")
    for kind in ("pdf", "csv", "json"):
        answer = page.request.get(f"/dialogues/{dialogue}/protocol.{kind}")
        assert answer.ok
        assert b"bara skriva" not in answer.body()
    for phone in phones.values():
        expect(phone.page.locator("main")).to_contain_text("Tid att tänka")
        expect(phone.page.locator("main")).to_contain_text("Varför just de här?")
    look(phones["Jonas"].page, "closed")

    # a sheet that was left is entered now, and stands in the protocol
    page.locator("a[href$='/paper']").click()
    look(page, "paper-afterwards")
    page.locator("#people").fill("1")
    page.locator("#text-1").fill("Stolar som inte gnisslar.")
    page.get_by_role("button", name="Lägg på bordet").click()
    expect(page.locator("body")).to_contain_text("En tanke ligger på bordet.")
    page.get_by_role("link", name="Till protokollet").click()
    expect(page.locator("main")).to_contain_text("En tanke skrevs in från papper efter samtalet.")
    page.get_by_role("link", name="Lägg undan ett ord").click()
    look(page, "review-afterwards")
    holds_narrow(page, "review-afterwards")

    # the unit's home has the thread, and everybody can read the open page without names
    page.goto(f"/units/{site.town['unit']}")
    expect(page.locator("main")).to_contain_text("Vi bokar inga möten efter 15.30.")
    look(page, "unit")
    holds_narrow(page, "unit")
    visitor = open_page(phone=True)
    visitor.goto("/open")
    visitor.locator("main a").first.click()
    expect(visitor.locator("main")).to_contain_text("samordnare")
    expect(visitor.locator("body")).not_to_contain_text("Karin Ek")
    look(visitor, "public")
    visitor.goto("/")
    look(visitor, "start")
    holds_narrow(visitor, "start")


def sort_into_themes(page: Page, dialogue: str) -> None:
    """Notes find their themes by themselves; one is moved with the keyboard, taken back, and dragged."""
    page.goto(f"/dialogues/{dialogue}/themes")
    cards, waiting = page.locator("[data-note]"), page.locator(".waiting")
    expect(cards.first).to_be_visible()
    expect(waiting).to_have_count(0)
    look(page, "themes")
    words = cards.first.locator("label .sam-voice").inner_text()
    cards.first.locator("[name=note]").focus()
    page.keyboard.press("Space")
    page.locator("#nytt-tema").focus()
    page.keyboard.type("Det vi bär med oss")
    page.keyboard.press("Enter")
    made = page.locator("[data-theme]", has_text="Det vi bär med oss")
    expect(made.locator(".count")).to_have_text("1")
    expect(page.locator(".undo")).to_contain_text("Senast: Malin")
    page.locator("#b-undo").focus()
    page.keyboard.press("Enter")
    expect(made).to_have_count(0)
    expect(page.locator(".undo form")).to_have_count(0)

    expect(cards.first).to_contain_text(words)
    other = page.locator("[data-theme]:not(:has([aria-current]))").first
    name = other.locator(".name").inner_text()
    cards.first.drag_to(other)
    expect(cards.filter(has_text=words)).to_have_count(0)
    page.locator("[data-theme] a", has_text=name).click()
    expect(page.locator("#oppet")).to_contain_text(name)
    expect(page.locator("[data-note]", has_text=words)).to_contain_text("flyttad hit av er")


def plan(console: Console) -> tuple[str, str]:
    """Plan the dialogue from the unit's home, with the keyboard; gives the code and the dialogue's number."""
    page = console.page
    console.tab_to("a[href*='/dialogues/new']")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/dialogues/new"))
    look(page, "plan-new")
    console.tab_to("#fraga-1")
    page.keyboard.type("Vad behöver vi för att lyckas?")
    console.tab_to("main form p > button.ds-button")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/dialogues/\d+/plan"))
    expect(page.locator(".last")).to_contain_text("Vi hälsar inom en minut")
    look(page, "plan")
    holds_narrow(page, "plan")
    number = re.search(r"/dialogues/(\d+)/plan", page.url)
    assert number is not None
    console.tab_to("button[name=do][value=invite]", most=200)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/invite"))
    look(page, "invite")
    console.tab_to("button[name=do][value=send]")
    page.keyboard.press("Enter")
    expect(page.locator("main strong.sam-num")).to_be_visible()
    code = page.locator("main strong.sam-num").inner_text().replace(" ", "")
    return code, number.group(1)
