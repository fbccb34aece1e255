import pytest

from samspel.core.lexicon import shipped_lexicon
from samspel.engine.themes import Lexicon, LexiconError, LexiconTheme, parse_lexicon
from samspel.engine.themes.tokens import words_of


def test_themes_names_and_words_are_read_over_several_lines():
    lexicon = parse_lexicon("\ufeff# head\n[a b]\nname sv:  Å\nsv: ett ,  två  tre,, =fyra\nsv: fem # six\n")

    (theme,) = lexicon.themes
    assert (theme.id, dict(theme.names)) == ("a b", {"sv": "Å"})
    assert theme.words["sv"] == ("ett", "två tre", "=fyra", "fem")


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("[a]\nsv: x\n[a]", 3, "stands twice"),
        ("sv: x", 1, "expected a [theme] before"),
        ("[a]\nfr: x", 2, "got 'fr'"),
        ("[a]\n\nhello", 3, "got 'hello'"),
        ("[]", 1, "expected a theme"),
        ("[other]", 1, "left over"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(text: str, line: int, reason: str):
    with pytest.raises(LexiconError) as raised:
        parse_lexicon(text)

    assert raised.value.line == line
    assert reason in raised.value.reason


def test_an_empty_file_is_an_empty_lexicon():
    assert parse_lexicon("# nothing yet\n") == Lexicon()


@pytest.mark.parametrize("ids", [("a", "a"), ("other",)])
def test_themes_have_an_id_each_and_none_is_other(ids: tuple[str, ...]):
    with pytest.raises(ValueError, match="themes must"):
        Lexicon(tuple(LexiconTheme(theme) for theme in ids))


def test_the_shipped_lexicon_names_every_theme_and_has_words_in_all_languages():
    lexicon = shipped_lexicon()

    assert 24 <= len(lexicon.themes) <= 30
    for theme in lexicon.themes:
        assert set(theme.names) == {"sv", "da", "en"}
        assert all(len(theme.words[language]) >= 50 for language in ("sv", "da", "en")), theme.id


def test_no_phrase_of_the_shipped_lexicon_loses_a_number():
    """ "80 år" would find every *år*, for a number by itself is no word."""
    for theme in shipped_lexicon().themes:
        for said in theme.words.values():
            lost = [phrase for phrase in said if len(words_of(phrase.strip("="))) != len(phrase.split())]
            assert lost == [], theme.id
