"""The pages for people lead where they say."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_link_leads_to_a_file_and_one_to_a_folder_to_its_page(page: Path) -> None:
    targets = [page.parent / target for target in LINK.findall(page.read_text(encoding="utf-8"))]

    assert [str(target) for target in targets if not target.exists()] == []
    assert [str(target) for target in targets if target.is_dir() and not (target / "README.md").exists()] == []


def test_every_page_of_a_folder_is_named_on_its_page() -> None:
    for index in ROOT.glob("docs/*/README.md"):
        named = set(LINK.findall(index.read_text(encoding="utf-8")))
        assert {page.name for page in index.parent.glob("*.md") if page != index} <= named, str(index)
