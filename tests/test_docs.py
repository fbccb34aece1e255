"""The pages for people lead where they say."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TUTORIAL = ROOT / "docs" / "tutorials" / "your-first-dialogue.md"
# What the tutorial sets in stars and is no word of a page: keys.
KEYS = {"→", "+", "V", "Space"}
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s#]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_link_leads_to_a_file_and_one_to_a_folder_to_its_page(page: Path) -> None:
    targets = [page.parent / target for target in LINK.findall(page.read_text(encoding="utf-8"))]

    assert [str(target) for target in targets if not target.exists()] == []
    assert [str(target) for target in targets if target.is_dir() and not (target / "README.md").exists()] == []


def test_what_the_tutorial_tells_to_press_stands_on_the_pages() -> None:
    source = ROOT / "src" / "samspel"
    pages = "\n".join(
        path.read_text(encoding="utf-8")
        for path in [*source.rglob("*.html"), *source.glob("dialogues/migrations/*.py")]
    )
    told = set(re.findall(r"(?<!\*)\*{1,2}([^*\s][^*]*)\*{1,2}", TUTORIAL.read_text(encoding="utf-8"))) - KEYS

    missing = {label for label in told if not re.search(rf"[\">}}]{re.escape(label)}[\"<{{]", pages)}

    assert len(told) > 10
    assert missing == set()
