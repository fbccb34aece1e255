"""Addresses for phones, also when the leader sits at the machine itself."""

import pytest
from django.test import RequestFactory, override_settings

from samspel.core.addresses import address_for_others


@pytest.mark.parametrize(
    ("site", "host", "told"),
    [
        ("http://192.168.1.4:8000", "localhost:8000", "http://192.168.1.4:8000/m/1/"),
        ("http://192.168.1.4:8000", "[::1]:8000", "http://192.168.1.4:8000/m/1/"),
        ("http://192.168.1.4:8000", "10.0.0.9:8000", "http://10.0.0.9:8000/m/1/"),
        ("http://localhost:8000", "127.0.0.1:8155", "http://127.0.0.1:8155/m/1/"),
    ],
)
def test_a_phone_is_sent_where_it_can_go(site: str, host: str, told: str) -> None:
    request = RequestFactory().get("/", HTTP_HOST=host)

    with override_settings(SITE_URL=site):
        assert address_for_others(request, "/m/1/") == told
