"""The whole dialogue in English, with JavaScript turned off for everybody."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

NAMES = ("Ann", "Ben", "Cat")


def test_a_dialogue_without_javascript_in_english(site: Site, open_page: Callable[..., Page]) -> None:
    leader = open_page(language="en-GB", script=False)
    sign_in(leader, *site.person("helena"))
    code, dialogue = plan(leader, site.town["unit"])

    phones = {name: open_page(phone=True, language="en-GB", script=False) for name in NAMES}
    for name, phone in phones.items():
        join(phone, code, name)
        expect(phone.locator("html")).to_have_attribute("lang", "en")
    assert refreshes(phones["Ann"]), "a page without a field asks again by itself"
    console = f"/dialogues/{dialogue}/lead"
    leader.goto(console)
    assert refreshes(leader)
    leader.get_by_role("button", name="Black", exact=True).click()
    expect(leader.locator(".mirror .screen")).to_contain_text("The screen is blank")
    leader.get_by_role("button", name="Follows the step", exact=True).click()

    # alone
    begin(leader, console)
    press(leader, console, "b-next")
    expect(leader.locator("#nu")).to_have_text("Everyone is thinking alone")
    for name, phone in phones.items():
        phone.goto(f"/m/{code}/")
        assert not refreshes(phone), "a page with a field never refreshes itself"
        assert phone.locator("#skriv input[name=key]").get_attribute("value")
        phone.locator("#tanke").fill(f"{name} thinks of time.")
        phone.locator("button[form=skriv]:not([formaction])").locator("visible=true").first.click()
        expect(phone.locator("#tankar li")).to_have_count(1)

    # a second click with the same key changes nothing
    ann = phones["Ann"]
    key = ann.locator("#skriv input[name=key]").get_attribute("value")
    token = ann.locator("#skriv input[name=csrfmiddlewaretoken]").get_attribute("value")
    for _ in range(2):
        answer = ann.request.post(
            f"{site.address}/m/{code}/notes",
            form={"key": key or "", "csrfmiddlewaretoken": token or "", "text": "Twice?", "question": "1"},
            headers={"Referer": f"{site.address}/m/{code}/"},
        )
        assert answer.ok
    ann.goto(f"/m/{code}/")
    expect(ann.locator("#tankar li")).to_have_count(2)

    # at the table
    press(leader, console, "b-next")
    for phone in phones.values():
        phone.goto(f"/m/{code}/")
        phone.locator("form[action$='/notes/share'] button[name=all]").click()
    for phone in phones.values():
        phone.goto(f"/m/{code}/")
        expect(phone.locator("ul.notes > li")).to_have_count(4)
        phone.locator("ul.notes > li > button", has_text="Ann thinks").click()
        phone.goto(f"/m/{code}/")
        phone.locator("button[form=bordet][formaction$='/table/ready']").locator("visible=true").first.click()
    pen = None
    for phone in phones.values():
        phone.goto(f"/m/{code}/")
        expect(phone.locator("ol.rank")).to_contain_text("3 of 3 chose this")
        if phone.locator(".moves").count():
            pen = phone
    assert pen is not None
    second = pen.locator("ol.rank .moves button[name=up]").first
    second.click()
    pen.goto(f"/m/{code}/")
    pen.locator("a[href$='/table/hand-in']").locator("visible=true").first.click()
    pen.locator("form[action$='/table/hand-in'] button.ds-button").first.click()

    # together
    for _ in range(3):  # objections, together, the silent ballot
        press(leader, console, "b-next")
    expect(leader.locator(".together")).to_be_visible()
    leader.goto(f"/dialogues/{dialogue}/review")
    while leader.locator(".review button[name=verdict][value=show]").count():
        leader.locator(".review button[name=verdict][value=show]").first.click()
    for phone in phones.values():
        phone.goto(f"/m/{code}/")
        phone.locator("#rosten input[type=checkbox]").first.check(force=True)
        phone.locator("button[form=rosten]:not([name=none])").click()
    press(leader, console, "b-choose")
    for _ in range(3):
        press(leader, console, "b-reveal")
    for phone in phones.values():
        phone.goto(f"/m/{code}/")
        expect(phone.locator("main")).to_contain_text("thinks of time.")

    # agree, tap, close
    press(leader, console, "b-next")
    pen.goto(f"/m/{code}/")
    pen.locator("#vad").fill("We start with five quiet minutes.")
    pen.locator("button[form=skrivet], #skrivet button[type=submit]").locator("visible=true").first.click()
    press(leader, console, "b-next")
    for phone in phones.values():
        phone.goto(f"/m/{code}/")
        phone.locator("button.tap").first.click()
    leader.goto(console)
    leader.locator("#b-next").click()
    leader.wait_for_url(re.compile("/close$"))
    leader.get_by_role("button", name="Close the dialogue").click()
    leader.wait_for_url(re.compile("/protocol$"))
    expect(leader.locator("main")).to_contain_text("We start with five quiet minutes.")
    expect(leader.locator("main")).to_contain_text("Ann thinks of time.")

    # the next dialogue of the unit opens with it and asks what became of it
    code, dialogue = plan(leader, site.town["unit"])
    join(ann, code, "Ann")
    begin(leader, f"/dialogues/{dialogue}/lead")
    ann.goto(f"/m/{code}/")
    expect(ann.locator("main")).to_contain_text("We start with five quiet minutes.")


def sign_in(page: Page, email: str, password: str) -> None:
    page.goto("/accounts/login/")
    page.locator("#id_login").fill(email)
    page.locator("#id_password").fill(password)
    page.locator("main form button.ds-button").click()
    page.wait_for_url(lambda url: "/accounts/login" not in url)


def plan(page: Page, unit: int) -> tuple[str, str]:
    """A new dialogue of the unit, ready to begin; gives its code and number."""
    page.goto(f"/dialogues/new?unit={unit}")
    page.locator("#fraga-1").fill("What do we need?")
    page.locator("main form p > button.ds-button").click()
    page.wait_for_url(re.compile(r"/dialogues/\d+/plan"))
    number = re.search(r"/dialogues/(\d+)/plan", page.url)
    assert number is not None
    page.locator("button[name=do][value=invite]").locator("visible=true").first.click()
    page.wait_for_url(re.compile("/invite"))
    page.locator("button[name=do][value=send]").click()
    return page.locator("main strong.sam-num").inner_text().replace(" ", ""), number.group(1)


def join(page: Page, code: str, name: str) -> None:
    page.goto("/")
    page.locator("input[name=code]").fill(code)
    page.locator("form:has(input[name=code]) button").click()
    page.locator("details.more summary").first.click()
    page.locator("input[name=name]").fill(name)
    page.locator("form[action$='/seat'] > button").click()
    expect(page.locator("form[action$='/seat']")).to_have_count(0)


def press(page: Page, console: str, button: str) -> None:
    """One of the console's buttons, on a freshly loaded console."""
    page.goto(console)
    page.locator(f"#{button}").click()
    page.wait_for_load_state()


def begin(page: Page, console: str) -> None:
    """Begin a meeting that is planned for later: it asks once."""
    press(page, console, "b-next")
    page.wait_for_url(re.compile("/lead/begin$"))
    page.locator("main form button").click()
    page.wait_for_url(re.compile("/lead$"))


def refreshes(page: Page) -> bool:
    return page.locator("head noscript").count() > 0 and "refresh" in page.content().split("</head>")[0]
