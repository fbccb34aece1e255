from pathlib import Path

import pytest
from babel.messages.catalog import Message

import messages


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small house of one app, in place of the real one."""
    source = tmp_path / "src" / "samspel"
    (source / "hall" / "templates" / "hall").mkdir(parents=True)
    (source / "hall" / "apps.py").touch()
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    monkeypatch.setattr(messages, "SOURCE", source)
    return source


def translate(source: Path, language: str, *pairs: tuple[str, str]) -> None:
    path = source / "hall" / "locale" / language / "LC_MESSAGES" / "django.po"
    text = path.read_text()
    for singular, string in pairs:
        text = text.replace(f'msgid "{singular}"\nmsgstr ""', f'msgid "{singular}"\nmsgstr "{string}"')
    path.write_text(text)


def test_texts_are_collected_from_code_and_templates(source: Path) -> None:
    (source / "hall" / "views.py").write_text("title = _('Välkommen')\nn = ngettext('%d bord', '%d bord', n)\n")
    (source / "hall" / "templates" / "hall" / "page.html").write_text(
        '  <p>{% translate \'Själv\' %}</p>\n<a title="{% translate "Sluta \'nu\'" context "mötet" %}">\n'
        "{% blocktranslate trimmed count n=n %}\n  {{ n }} röst\n{% plural %}\n"
        "  {{ n }} röster\n{% endblocktranslate %}"
    )

    texts = messages.collect()["hall"]

    assert set(texts) == {
        ("Välkommen", None),
        ("%d bord", None),
        ("Själv", None),
        ("Sluta 'nu'", "mötet"),
        ("%(n)s röst", None),
    }
    assert texts["%(n)s röst", None].plural == "%(n)s röster"


def test_a_text_within_an_f_string_is_collected(source: Path) -> None:
    (source / "hall" / "views.py").write_text("told = f\"{name} {_('Färre än %(n)s') % {'n': least}}\"\n")

    assert set(messages.collect()["hall"]) == {("Färre än %(n)s", None)}


def test_a_translation_stays_when_others_come_and_go(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = source / "hall" / "views.py"
    code.write_text("a = _('Hej')\nb = _('Gå')\n")
    messages.update(messages.collect())
    translate(source, "en", ("Hej", "Hello"))

    code.write_text("a = _('Hej')\nc = _('Stanna')\n")
    messages.update(messages.collect())

    catalogue = (source / "hall" / "locale" / "en" / "LC_MESSAGES" / "django.po").read_text()
    assert 'msgid "Hej"\nmsgstr "Hello"' in catalogue
    assert 'msgid "Stanna"\nmsgstr ""' in catalogue
    assert "Gå" not in catalogue
    assert "en: 2 texts, 1 to translate, 1 no longer used" in capsys.readouterr().out


def test_collecting_twice_changes_nothing(source: Path) -> None:
    (source / "hall" / "views.py").write_text("a = _('Hej')\n")
    messages.update(messages.collect())
    catalogue = source / "hall" / "locale" / "da" / "LC_MESSAGES" / "django.po"
    first = catalogue.read_text()

    messages.update(messages.collect())

    assert catalogue.read_text() == first
    assert "Date" not in first


def test_a_missing_translation_is_named_with_its_file(source: Path) -> None:
    (source / "hall" / "views.py").write_text("a = _('Hej')\n")
    messages.update(messages.collect())
    translate(source, "da", ("Hej", "Hej"))

    problems = list(messages.check(messages.collect()))

    assert problems == [
        "src/samspel/hall/locale/en/LC_MESSAGES/django.po: 'Hej' (src/samspel/hall/views.py) is not translated"
    ]


def test_a_text_that_was_never_collected_and_one_that_is_gone_are_named(source: Path) -> None:
    code = source / "hall" / "views.py"
    code.write_text("a = _('Hej')\n")
    messages.update(messages.collect())
    for language in messages.LANGUAGES:
        translate(source, language, ("Hej", "Hi"))

    code.write_text("a = _('Stanna')\n")
    problems = list(messages.check(messages.collect()))

    assert [problem.rpartition("django.po: ")[2] for problem in problems] == [
        "'Stanna' (src/samspel/hall/views.py) is not collected",
        "'Hej' is no longer used",
    ] * len(messages.LANGUAGES)


@pytest.mark.parametrize(
    ("swedish", "words", "is_right"),
    [
        ("%(n)s kvar", "%(n)s left", True),
        ("%(n)s kvar", "left", False),
        ("%(n)s kvar", "%(m)s left", False),
        (("%(n)s röst", "%(n)s röster"), ("one vote", "%(n)s votes"), True),
        (("%(n)s röst", "%(n)s röster"), ("%(n)s vote", "votes"), False),
        (("%(n)s röst", "%(n)s röster"), "%(n)s votes", False),
    ],
)
def test_placeholders_have_to_be_those_of_the_swedish_text(
    swedish: str | tuple[str, str], words: str | tuple[str, str], is_right: bool
) -> None:
    singular, plural = (swedish, None) if isinstance(swedish, str) else swedish
    text = messages.Text(singular, plural, None)

    assert (list(messages.differences(text, Message(swedish, words))) == []) is is_right
