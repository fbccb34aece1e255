"""Page objects: what a participant, a leader and a hall see and press."""

import re
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, expect

from tests.e2e.conftest import AXE, PICTURES

TABLET: ViewportSize = {"width": 1024, "height": 768}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def look(page: Page, name: str) -> None:
    """Keep a picture when pictures are asked for, and let axe look at the page in both schemes; it must find nothing.

    axe is run through the debugger, not by a script tag: the page's security policy stays as it is.
    """
    _settle(page)
    if PICTURES:
        _picture(page, name)
    if AXE.exists():
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            _settle(page)
            page.evaluate(AXE.read_text(encoding="utf-8"))
            found = page.evaluate(
                "rules => axe.run(document, {preload: false, runOnly: rules}).then(r => r.violations.map(v => "
                "v.id + ': ' + v.nodes.map(n => n.target.join(' ')).slice(0, 4).join(' | ')))",
                RULES,
            )
            assert found == [], f"{name} ({scheme}): {found}"
        page.emulate_media(color_scheme="light")


def _settle(page: Page) -> None:
    """A word that fades in, or a colour that goes over into another, is looked at when it is there."""
    page.evaluate("Promise.allSettled(document.getAnimations().map(each => each.finished))")


def _picture(page: Page, name: str) -> None:
    """The page as a phone and as a computer show it, and a tablet's page as the tablet does."""
    before = page.viewport_size
    assert before is not None
    if before == TABLET:
        page.screenshot(path=str(Path(PICTURES) / f"{name}-tablet.png"))
    for size, width, height in (("phone", 390, 844), ("computer", 1440, 900)):
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=str(Path(PICTURES) / f"{name}-{size}.png"))
    page.set_viewport_size(before)


def holds_narrow(page: Page, name: str) -> None:
    """The page does not scroll sideways on a screen of 320 points, nor on a phone with letters twice as large."""
    before = page.viewport_size
    assert before is not None
    for width, letters in ((320, "100%"), (390, "200%")):
        page.set_viewport_size({"width": width, "height": 640})
        page.evaluate("size => { document.documentElement.style.fontSize = size }", letters)
        wide = page.evaluate("document.documentElement.scrollWidth")
        beyond = page.evaluate(
            "edge => [...document.querySelectorAll('body *')].filter(each => each.getBoundingClientRect().right > edge)"
            ".map(each => `${each.tagName}.${each.className}`).slice(-5)",
            width + 1,
        )
        assert wide <= width, f"{name} is {wide} wide at {width} with letters of {letters}: {beyond}"
    page.evaluate("document.documentElement.style.removeProperty('font-size')")
    page.set_viewport_size(before)


class Phone:
    """A participant's phone."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def join(self, code: str, name: str = "") -> None:
        """From the start page, with six digits."""
        self.page.goto("/")
        self.page.locator("input[name=code]").fill(code)
        self.page.locator("form:has(input[name=code]) button").click()
        self.page.wait_for_url(re.compile(r"/m/\d{6}/"))
        if name:
            self.page.locator("details.more summary").first.click()
            self.page.locator("input[name=name]").fill(name)
        self.page.locator("form[action$='/seat'] > button").click()
        expect(self.page.locator("form[action$='/seat']")).to_have_count(0)

    def think(self, text: str) -> None:
        """Write a thought alone and save it."""
        self.page.locator("#tanke").fill(text)
        self._visible("button[form=skriv]:not([formaction])").click()
        expect(self.page.locator("#tankar")).to_contain_text(text)
        expect(self.page.locator("#tanke")).to_have_value("")
        expect(self.page.locator("label[for=tanke] .first")).to_be_hidden()
        expect(self.page.locator("label[for=tanke] .further")).to_be_visible()

    def say_ready(self) -> None:
        self._visible("button[form=skriv][formaction$='/ready']").click()
        expect(self.page.locator(".rest")).to_be_visible()

    def share_all(self) -> None:
        self.page.locator("form[action$='/notes/share'] button[name=all]").click()
        expect(self.page.locator("form[action$='/notes/share']")).to_have_count(0)

    def mark(self, text: str) -> None:
        card = self.page.locator("ul.notes > li > button", has_text=text)
        card.click()
        expect(card).to_have_attribute("aria-pressed", "true")

    def done_marking(self) -> None:
        self._visible("button[form=bordet][formaction$='/table/ready'][value='1']").click()

    def cast(self, *texts: str) -> None:
        """The silent ballot."""
        for text in texts:
            self.page.locator("#rosten label.card", has_text=text).click()
        self.page.locator("button[form=rosten]:not([name=none])").click()

    def tap(self, word: str) -> None:
        self.page.get_by_role("button", name=word, exact=True).click()

    def _visible(self, selector: str):  # type: ignore[no-untyped-def]
        return self.page.locator(selector).locator("visible=true").first


class Console:
    """The leader's console, by keyboard only."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def sign_in(self, email: str, password: str) -> None:
        self.page.goto("/accounts/login/")
        self.page.locator("#id_login").focus()
        self.page.keyboard.type(email)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(password)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: "/accounts/login" not in url)

    def press(self, key: str) -> None:
        """A shortcut, with the focus on the page itself."""
        self.page.evaluate("document.activeElement && document.activeElement.blur()")
        self.page.keyboard.press(key)

    def tab_to(self, selector: str, most: int = 80) -> None:
        """Walk with Tab until the control has focus."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("s => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"Tab never reached {selector}")

    def now_is(self, words: str) -> None:
        expect(self.page.locator("#nu")).to_have_text(words)
