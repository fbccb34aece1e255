"""Addresses that another device can use, in a QR code or on the big screen, and the page somebody came from."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def address_for_others(request: HttpRequest, path: str = "") -> str:
    """The address of a path as a phone reaches it: as this page was asked for.

    One who looks from the machine itself asked for localhost, where no phone can go; then it is SAMSPEL_SITE_URL's.
    """
    site = settings.SITE_URL
    if urlsplit(f"//{request.get_host()}").hostname in LOOPBACK and urlsplit(site).hostname not in LOOPBACK:
        return f"{site}{path}"
    return f"{request.scheme}://{request.get_host()}{path}"


def came_from(request: HttpRequest) -> str:
    """The page of ours that the browser came from, as an address on this site; empty when it does not say."""
    referer = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(referer, {request.get_host()}) or not referer.startswith("http"):
        return ""
    parts = urlsplit(referer)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
