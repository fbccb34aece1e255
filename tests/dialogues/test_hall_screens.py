"""The big screen before 400 people: every view, from an old projector to 4K, measured in a browser.

With ``SAMSPEL_PICTURES=folder`` the pictures are kept, to be looked at.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, Route, sync_playwright

from samspel.dialogues.actions import leading, themes, whole
from samspel.dialogues.models import Dialogue, Proposal, Question, Screen, Theme
from tests.conftest import SignIn, chromium
from tests.dialogues.test_themes import say
from tests.hall import cast_ballots, make_hall
from tests.people import WHEN, Town, actor_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).resolve().parent.parent.parent
PICTURES = os.environ.get("SAMSPEL_PICTURES", "")
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
HOST = "samspel.lindvik.se"  # what the hall reads from the screen
SIZES = ((1024, 768), (1280, 720), (1920, 1080), (3840, 2160))
LEAST_SHARE = 0.028  # of the height: at a fifth of a 1080-line screen that is six points, which can still be read
LONG = (
    "Att den som ringer eller kommer in möts av någon som har tid att lyssna klart, som vet vem som kan svara och som "
    "följer ärendet till slutet, även när det rör flera enheter och flera kommuner samtidigt"
)
LONG_WORDS = (
    "medborgarinflytandeprocessen",
    "samverkansöverenskommelserna",
    "bygglovshandläggningstiderna",
    "arbetsmarknadsintroduktionen",
    "kollektivtrafikförbindelsen",
    "grundskolelärarutbildningar",
    "kommunikationssvårigheterna",
    "verksamhetsutvecklingsdagar",
)

# Texts smaller than the share, out of the screen, over one another, or cut off where nothing says that they are ("…").
MEASURE = """(share) => {
  const wrong = [];
  const high = innerHeight, wide = innerWidth;
  const root = document.documentElement;
  const scrolls = root.scrollWidth > wide || root.scrollHeight > high;
  if (scrolls) wrong.push(`scrolls: ${root.scrollWidth}×${root.scrollHeight}`);
  const shortens = (style) => style.webkitLineClamp !== 'none' || style.textOverflow === 'ellipsis';
  const walker = document.createTreeWalker(document.querySelector('.hall'), NodeFilter.SHOW_TEXT);
  const blocks = new Map();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    const said = node.textContent.trim();
    if (!said || parent.closest('.sam-sr, svg, script, style') || !parent.checkVisibility()) continue;
    const style = getComputedStyle(parent);
    const size = parseFloat(style.fontSize) / high;
    const kinds = '.said, .agreed :is(.words, .count, .behind), .name, .telling, blockquote, .by, figcaption, h1, h2, '
      + 'p, li, .place';
    const block = parent.closest(kinds) || parent;
    const edge = block.getBoundingClientRect();
    const clamped = shortens(getComputedStyle(block));
    const inside = document.createRange();
    inside.selectNodeContents(block);
    const drawn = inside.getBoundingClientRect();
    const low = clamped ? Math.min(edge.bottom, drawn.bottom) : drawn.bottom;
    const far = clamped ? Math.min(edge.right, drawn.right) : drawn.right;
    blocks.set(block, { top: drawn.top, bottom: low, left: drawn.left, right: far });
    if (size < share) wrong.push(`${(100 * size).toFixed(2)} %: ${said.slice(0, 30)}`);
    const range = document.createRange();
    range.selectNodeContents(node);
    const shortened = [...(function* () { for (let at = parent; at; at = at.parentElement) yield at; })()]
      .some((each) => shortens(getComputedStyle(each)));
    for (const box of range.getClientRects()) {
      if (shortened) continue;
      if (box.right > wide + 1 || box.bottom > high + 1 || box.left < -1 || box.top < -1) {
        wrong.push(`outside: ${said.slice(0, 30)}`);
      }
      for (let at = parent; at; at = at.parentElement) {
        if (getComputedStyle(at).overflow === 'visible') continue;
        const edge = at.getBoundingClientRect();
        const isCut = box.bottom > edge.bottom + box.height * .25 || box.right > edge.right + 2;
        if (isCut) wrong.push(`cut off: ${said.slice(0, 30)}`);
      }
    }
  }
  const all = [...blocks];
  all.forEach(([one, a], number) => all.slice(number + 1).forEach(([other, b]) => {
    if (one.contains(other) || other.contains(one)) return;
    const over = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const least = Math.min(a.bottom - a.top, b.bottom - b.top);
    const [first, second] = [one, other].map((each) => each.textContent.trim().slice(0, 20));
    if (over > .25 * least && across > 2) wrong.push(`${first} lies over ${second}`);
  }));
  return wrong;
}"""


def shown(leader: Client, dialogue: Dialogue, view: str) -> str:
    Dialogue.objects.filter(pk=dialogue.pk).update(screen=view)
    answer = leader.get(reverse("dialogue_screen", args=[dialogue.pk]), headers={"host": HOST})
    assert answer.status_code == 200
    return str(answer.content.decode())


def hall(town: Town, *, long: bool) -> Dialogue:
    """400 people at 83 tables who have chosen; with ``long`` the longest texts that the fields take."""
    dialogue = make_hall(town.guidance, handed_in=83, now_at="ballot", ask_for_help=0)
    leader = actor_of(town.facilitator)
    if long:
        Question.objects.filter(dialogue=dialogue).update(text=LONG[:200])
        Dialogue.objects.filter(pk=dialogue.pk).update(title=LONG[:120])
        for number, row in enumerate(Proposal.objects.filter(dialogue=dialogue)):
            row.text = row.normal = f"{number} {LONG} {LONG} {LONG}"[:500]
            row.save()
        say(dialogue, *(f"{word} " * 2 for word in LONG_WORDS for _ in range(300)))
    cast_ballots(dialogue)
    themes.place_notes(actor=leader, dialogue_id=dialogue.pk, question=1, at=WHEN)
    if long:
        for theme in Theme.objects.filter(grouping__dialogue=dialogue):
            theme.title = f"{LONG[:50]} {theme.pk}"[:60]
            theme.words = list(LONG_WORDS)
            theme.save()
    whole.choose(actor=leader, dialogue_id=dialogue.pk, question=1, at=WHEN)
    whole.reveal(actor=leader, dialogue_id=dialogue.pk, to=4, at=WHEN)
    whole.show_lone(actor=leader, dialogue_id=dialogue.pk, index=1, at=WHEN)
    return dialogue


MADE: dict[str, str] = {}


@pytest.fixture
def pages(town: Town, signed_in: SignIn) -> dict[str, str]:
    """Each view's page, with usual and with the longest texts: made once."""
    return MADE or make_pages(town, signed_in(town.facilitator), MADE)


def make_pages(town: Town, leader: Client, found: dict[str, str]) -> dict[str, str]:
    for name, long in (("usual", False), ("long", True)):
        dialogue = hall(town, long=long)
        for view in Screen.values:
            if view not in {Screen.AUTO, Screen.BLACK}:
                found[f"{view}-{name}"] = shown(leader, dialogue, view)
        if not long:
            for revealed in range(4):
                Dialogue.objects.filter(pk=dialogue.pk).update(revealed=revealed, lone_shown=0)
                found[f"three-{revealed}"] = shown(leader, dialogue, Screen.THREE)
        else:
            for letters in (30, 70, 138):
                for number, row in enumerate(Proposal.objects.filter(dialogue=dialogue)):
                    Proposal.objects.filter(pk=row.pk).update(text=f"{number} {LONG}"[:letters])
                found[f"three-of-{letters}"] = shown(leader, dialogue, Screen.THREE)
    return found


def in_browser(pages: dict[str, str], *, script: str = "", sent: list[str] | None = None) -> Iterator[tuple[str, Page]]:
    """Each page in a browser that gets styles and fonts from our own files and nothing from anywhere else.

    :param script: the one script that is let in.
    :param sent: takes what forms send.
    """

    def serve(route: Route) -> None:
        path = urlsplit(route.request.url).path
        if route.request.method == "POST" and sent is not None:
            sent.append(f"{path}?{route.request.post_data}")
            route.fulfill(body="Tack")
            return
        if path == "/":
            route.fulfill(body=now, content_type="text/html; charset=utf-8")
            return
        file = finders.find(path.removeprefix(settings.STATIC_URL))
        if file is None or (path.endswith(".js") and not (script and path.endswith(f"/{script}.js"))):
            route.abort()
        else:
            route.fulfill(path=file)

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.route("**/*", serve)
        for name, now in pages.items():  # noqa: B007 (served by the function above)
            page.goto("http://hall.test/")
            page.evaluate("document.fonts.ready")
            assert page.evaluate("[...document.styleSheets].length") >= 2
            yield name, page
        browser.close()


def test_every_view_is_read_from_the_back_row_on_every_screen_and_nothing_is_cut_off(pages: dict[str, str]) -> None:
    wrong = []
    for name, page in in_browser(pages):
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            found = page.evaluate(MEASURE, LEAST_SHARE)
            wrong += [f"{name} {width}×{height}: {each}" for each in dict.fromkeys(found)]
            if PICTURES:
                page.screenshot(path=f"{PICTURES}/screen-{name}-{width}x{height}.png")

    assert not wrong, "\n".join(wrong)


def test_every_view_has_contrast_and_order_in_light_and_dark(pages: dict[str, str]) -> None:
    wrong = []
    for name, page in in_browser({name: html for name, html in pages.items() if name.endswith("usual")}):
        page.set_viewport_size({"width": 1280, "height": 720})
        page.add_script_tag(path=AXE)
        for scheme in ("light", "dark"):
            page.evaluate("(scheme) => { document.documentElement.dataset.colorScheme = scheme; }", scheme)
            found = page.evaluate("async () => (await axe.run()).violations.map((one) => [one.id, one.nodes[0].html])")
            wrong += [f"{name} {scheme}: {each}" for each in found]
            if PICTURES:
                page.screenshot(path=f"{PICTURES}/screen-{name}-{scheme}.png")

    assert wrong == []


def test_the_words_and_the_themes_are_lists_in_order(pages: dict[str, str]) -> None:
    assert '<ol class="themes themes--s">' in pages["words-usual"]
    assert '<ol class="across-list">' in pages["themes-usual"]


@pytest.mark.parametrize("view", ["themes", "words"])
def test_nothing_is_shown_before_the_words_are_let_through(town: Town, signed_in: SignIn, view: str) -> None:
    dialogue = hall(town, long=False)
    leading.set_switch(
        actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, name="needs_review", wanted=True, at=WHEN
    )

    html = shown(signed_in(town.facilitator), dialogue, view)

    assert "kommer strax" in html
    assert "across-list" not in html


# ---------------------------------------------------------------- the leaders' page of themes


@pytest.fixture
def sorting(town: Town, signed_in: SignIn) -> tuple[Dialogue, str]:
    """A hall with 1,600 notes, and its page of themes."""
    dialogue = make_hall(town.guidance, notes_each=4)
    themes.place_notes(actor=actor_of(town.facilitator), dialogue_id=dialogue.pk, question=1, at=WHEN)
    answer = signed_in(town.facilitator).get(reverse("dialogue_themes", args=[dialogue.pk]))
    return dialogue, answer.content.decode()


def test_the_page_of_themes_fits_a_phone_and_a_computer(sorting: tuple[Dialogue, str]) -> None:
    for _name, page in in_browser({"themes": sorting[1]}):
        page.add_script_tag(path=AXE)
        for width, height in ((1440, 900), (390, 844), (320, 640)):
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            found = page.evaluate("async () => (await axe.run()).violations.map((one) => [one.id, one.nodes[0].html])")
            assert found == []
            if PICTURES:
                page.screenshot(path=f"{PICTURES}/themes-{width}.png")


def test_a_note_is_dragged_to_a_theme_and_marked_ones_come_along(sorting: tuple[Dialogue, str]) -> None:
    dialogue, html = sorting
    sent: list[str] = []
    target = Theme.objects.get(grouping__dialogue=dialogue, key="kollektivtrafik").pk
    for _name, page in in_browser({"themes": html}, script="themes", sent=sent):
        page.set_viewport_size({"width": 1440, "height": 900})
        cards = page.locator("[data-note]")
        notes = [cards.nth(number).get_attribute("data-note") for number in (0, 2)]
        cards.nth(2).locator("[name=note][type=checkbox]").check()
        cards.nth(0).drag_to(page.locator(f"[data-theme='{target}']"))
        page.wait_for_url("**/themes/move")

    assert len(sent) == 1
    assert sent[0].startswith(f"/dialogues/{dialogue.pk}/themes/move?")
    assert f"to={target}" in sent[0]
    assert [note for note in notes if f"note={note}&" in sent[0]] == notes
