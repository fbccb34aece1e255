"""What every answer carries."""

import pytest
from django.test import Client


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/nothing-here/", "/api/openapi.json"])
def test_an_answer_tells_its_length(client: Client, path: str) -> None:
    """A server that goes in the middle of an answer then leaves a cut one, which a browser sends again; without a
    length an empty answer with status 200 would look like a receipt."""
    answer = client.get(path)

    assert int(answer["Content-Length"]) == len(answer.content) > 0
