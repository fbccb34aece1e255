"""The pages for people lead where they say."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
TUTORIAL = ROOT / "docs" / "tutorials" / "your-first-dialogue.md"
# What the tutorial sets in stars and is no word of a page: keys.
KEYS = {"→", "+", "V", "Space"}
# Under the same name in every app, as ARCHITECTURE.md says before the maps.
EVERYWHERE = {"models", "access", "queries", "live", "tasks", "apps", "__init__"}
# The columns of the map of dialogues after the part's name: where each name leads.
COLUMNS = [
    "src/samspel/dialogues/urls/{}.py",
    "src/samspel/dialogues/views/{}.py",
    "src/samspel/dialogues/actions/{}.py",
    "src/samspel/dialogues/templates/dialogues/{}.html",
    "src/samspel/dialogues/styles/{}.css",
    "tests/dialogues/test_{}.py",
]
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


def way_through_the_house() -> str:
    return (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").replace("\\", "")


@pytest.mark.parametrize("app", ["dialogues", "encounters", "exchange"])
def test_the_way_through_the_house_names_each_module_of_an_app(app: str) -> None:
    named = set(re.findall(r"\w+", way_through_the_house()))
    folder = ROOT / "src" / "samspel" / app
    modules = [path for below in ("", "actions/", "views/", "urls/") for path in folder.glob(f"{below}*.py")]

    assert [str(path.relative_to(folder)) for path in modules if path.stem not in named | EVERYWHERE] == []


def test_each_name_in_the_map_of_dialogues_leads_to_a_file() -> None:
    rows = [line.strip("| ").split(" | ")[1:] for line in way_through_the_house().splitlines() if line.count("|") == 8]
    where = [
        pattern.format(name.strip())
        for row in rows[2:]
        for pattern, cell in zip(COLUMNS, row, strict=True)
        for name in re.sub(r"\([^)]*\)", "", cell).split(",")
        if name.strip()
    ]

    assert len(where) > 100
    assert [path for path in where if not any(ROOT.glob(path))] == []
