from datetime import date

import pytest

import changelog

DAY = date(2026, 12, 1)
BEFORE = "# Changes\n\nWhat is coming lies as fragments.\n"


def test_a_release_has_its_fragments_by_name_before_the_releases_of_before() -> None:
    first = changelog.released(BEFORE, changelog.section({"a.md": "### A\n\nOne.\n"}, "1.0.0", DAY))
    second = changelog.released(first, changelog.section({"c.md": "### C\n", "b.md": "### B\n\nTwo.\n"}, "1.1.0", DAY))

    assert second == (
        f"{BEFORE}\n## 1.1.0 (2026-12-01)\n\n### B\n\nTwo.\n\n### C\n\n## 1.0.0 (2026-12-01)\n\n### A\n\nOne.\n"
    )


def test_a_version_is_released_once() -> None:
    said = changelog.section({"a.md": "### A\n"}, "1.0.0", DAY)

    with pytest.raises(ValueError, match=r"has 1\.0\.0 already"):
        changelog.released(changelog.released(BEFORE, said), said)


def test_without_fragments_there_is_no_release() -> None:
    with pytest.raises(ValueError, match="no fragments"):
        changelog.section({}, "1.0.0", DAY)


def test_a_fragment_without_a_heading_is_named() -> None:
    with pytest.raises(ValueError, match=r"b\.md"):
        changelog.section({"a.md": "### A\n", "b.md": "Something.\n"}, "1.0.0", DAY)


def test_what_is_coming_can_be_released() -> None:
    coming = {path.name: path.read_text(encoding="utf-8") for path in changelog.ROOT.glob("changelog.d/*")}

    assert [name for name, text in coming.items() if not name.endswith(".md") or not text.startswith("### ")] == []
