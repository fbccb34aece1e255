"""Addresses that another device can use: in a QR code, on the big screen."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def address_for_others(request: HttpRequest, path: str = "") -> str:
    """The address of a path as a phone reaches it: as this page was asked for.

    One who looks from the machine itself asked for localhost, where no phone can go; then it is SAMSPEL_SITE_URL's.
    """
    site = settings.SITE_URL
    if urlsplit(f"//{request.get_host()}").hostname in LOOPBACK and urlsplit(site).hostname not in LOOPBACK:
        return f"{site}{path}"
    return f"{request.scheme}://{request.get_host()}{path}"
