"""A resident's ten seconds: one tap on a real phone, with script and without, in Swedish, English and Arabic."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site
from tests.e2e.pages import holds_at_320, look

pytestmark = [pytest.mark.e2e, pytest.mark.browser]


@pytest.fixture(scope="module")
def asked(site: Site) -> dict[str, str]:
    found: dict[str, str] = json.loads(site.seed("tests.e2e.seed_tap"))
    return found


def test_one_tap_saves_and_can_be_changed(asked: dict[str, str], open_page: Callable[..., Page]) -> None:
    phone = open_page(phone=True)
    phone.goto(f"/s/{asked['wall']}")
    expect(phone.locator("h1")).to_have_text("Hur kändes mötet?")
    assert phone.context.cookies() == [], "nothing is kept before a press"
    look(phone, "tap")
    holds_at_320(phone, "tap")

    phone.get_by_role("button", name="Sådär").click()
    expect(phone.get_by_role("status")).to_contain_text("Tack! Ditt svar är sparat.")
    phone.get_by_role("button", name="Bra", exact=True).click()
    expect(phone.get_by_role("button", name="Bra", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(phone.get_by_role("status")).to_contain_text("Tack! Ditt svar är sparat.")
    look(phone, "tap-saved")
    assert [cookie["name"] for cookie in phone.context.cookies()] == ["tap"]

    phone.reload()
    expect(phone.get_by_role("button", name="Bra", exact=True)).to_have_attribute("aria-pressed", "true")
    phone.wait_for_function("document.querySelector('.tap').disabled", timeout=15_000)
    expect(phone.get_by_role("status")).to_contain_text("Tack! Ditt svar är sparat.")


def test_without_script_a_press_is_a_page(asked: dict[str, str], open_page: Callable[..., Page]) -> None:
    phone = open_page(phone=True, script=False, language="en-GB")
    phone.goto(f"/s/{asked['plain']}")
    phone.locator("button[value='1']").click()

    expect(phone.locator("button[value='1']")).to_have_attribute("aria-pressed", "true")
    expect(phone.get_by_role("status").locator("strong").locator("visible=true")).to_have_count(1)
    phone.locator("button[value='3']").click()
    expect(phone.locator("button[value='3']")).to_have_attribute("aria-pressed", "true")


def test_arabic_reads_from_the_right(asked: dict[str, str], open_page: Callable[..., Page]) -> None:
    phone = open_page(phone=True, language="ar-SY")
    phone.goto(f"/s/{asked['pictures']}")

    expect(phone.locator("html")).to_have_attribute("dir", "rtl")
    expect(phone.locator("h1")).to_have_text("كيف كان اللقاء؟")
    look(phone, "tap-arabic")
    holds_at_320(phone, "tap-arabic")
    phone.get_by_role("link", name="English").click()
    expect(phone.locator("html")).to_have_attribute("dir", "ltr")


def test_a_press_on_a_phone_without_a_line_is_sent_when_it_is_back(
    asked: dict[str, str], open_page: Callable[..., Page]
) -> None:
    phone = open_page(phone=True)
    phone.goto(f"/s/{asked['slow']}")
    phone.context.set_offline(True)
    phone.get_by_role("button", name="Bra", exact=True).click()
    expect(phone.get_by_role("status")).to_contain_text("Ingen kontakt just nu")

    phone.context.set_offline(False)
    expect(phone.get_by_role("status")).to_contain_text("Tack! Ditt svar är sparat.")
