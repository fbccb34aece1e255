import pytest
from django.template import Context, Template
from django.utils import translation


@pytest.mark.parametrize(
    ("language", "shown"), [("sv", "”Vi &amp; ni”"), ("da", "»Vi &amp; ni«"), ("en", "“Vi &amp; ni”")]
)
def test_what_somebody_said_stands_in_the_readers_quotation_marks(language: str, shown: str) -> None:
    template = Template("{{ words|quoted }}")

    with translation.override(language):
        assert template.render(Context({"words": "Vi & ni"})) == shown
