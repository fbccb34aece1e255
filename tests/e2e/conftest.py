"""A real site (one process, one port, its own database) and a real browser."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.conftest import chromium
from tests.embedded import drop
from tests.plugin import server

ROOT = Path(__file__).resolve().parent.parent.parent
# Machines differ; nothing here is about speed.
expect.set_options(timeout=20_000)
PICTURES = os.environ.get("SAMSPEL_PICTURES", "")
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"


@dataclass(frozen=True)
class Site:
    """Where the site is, and who can sign in."""

    address: str
    town: dict[str, Any]
    environment: dict[str, str]

    def seed(self, module: str) -> str:
        """Put more rows into the site's database; gives the last line that the module prints."""
        done = subprocess.run(
            [sys.executable, "-m", module], env=self.environment, check=True, cwd=ROOT, capture_output=True, text=True
        )
        return done.stdout.splitlines()[-1]

    def person(self, name: str) -> tuple[str, str]:
        return self.town[name], self.town["password"]


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait(port: int, process: "subprocess.Popen[bytes]", deadline_s: float = 240) -> None:
    until = time.monotonic() + deadline_s
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError("the site ended before it answered")
        with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as line, suppress(OSError):
            line.request("GET", "/health")
            if line.getresponse().status == 200:
                return
        time.sleep(0.1)
    raise TimeoutError("the site does not answer")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    name = f"e2e_{secrets.token_hex(4)}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "SAMSPEL_DATABASE_URL": server.url.replace("@/samspel?", f"@/{name}?"),
        "SAMSPEL_VAR": str(tmp_path_factory.mktemp("var")),
        "SAMSPEL_SITE_URL": address,
        "SAMSPEL_ALLOW_UNSAFE_DATABASE": "1",
        "DJANGO_SETTINGS_MODULE": "samspel.config.settings",
    }
    assert f"/{name}?" in environment["SAMSPEL_DATABASE_URL"]
    subprocess.run([sys.executable, "-m", "django", "migrate", "-v0"], env=environment, check=True, cwd=ROOT)
    seeded = subprocess.run(
        [sys.executable, "-m", "tests.e2e.seed"], env=environment, check=True, cwd=ROOT, capture_output=True
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "samspel.cli", "serve", "--port", str(port)], env=environment, cwd=ROOT
    )
    try:
        _wait(port, process)
        yield Site(address, json.loads(seeded.stdout.splitlines()[-1]), environment)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with psycopg.connect(server.url, autocommit=True) as connection:
            drop(connection, name)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        one = playwright.chromium.launch(
            executable_path=chromium(),
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield one
        one.close()


@pytest.fixture
def open_page(site: Site, browser: Browser) -> Iterator[Callable[..., Page]]:
    """``open_page(phone=True, language="sv-SE", script=True)``: a page in a browser of its own.

    Every request to another host, every error in a script, every refusal of the security policy and, unless the test
    itself ``refuses`` what is asked, every answer that is an error fails the test.
    """
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def make(
        *,
        phone: bool = False,
        language: str = "sv-SE",
        script: bool = True,
        width: int | None = None,
        refuses: bool = False,
    ) -> Page:
        size = {"width": 390, "height": 844} if phone else {"width": 1440, "height": 900}
        if width is not None:
            size["width"] = width
        context = browser.new_context(
            base_url=site.address, viewport=size, locale=language, java_script_enabled=script, has_touch=phone
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda each: _check_host(each.url, site.address, wrong))
        if not refuses:
            page.on("response", lambda each: _check_answer(each.status, each.request.method, each.url, wrong))
        page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
        page.on("console", lambda message: _check_console(message.type, message.text, wrong))
        return page

    yield make
    for context in contexts:
        context.close()
    assert wrong == []


def _check_host(url: str, address: str, wrong: list[str]) -> None:
    if not url.startswith((address, "data:", "blob:")):
        wrong.append(f"another host was asked: {url}")


def _check_console(kind: str, text: str, wrong: list[str]) -> None:
    if kind == "error" and "Content Security Policy" in text:
        wrong.append(text)


def _check_answer(status: int, method: str, url: str, wrong: list[str]) -> None:
    if status >= 400:
        wrong.append(f"{status} {method} {url}")
