"""The words of a meeting with their counts: ``engine.themes`` over what people chose to share."""

from dataclasses import dataclass
from functools import lru_cache

from samspel.dialogues.models import Dialogue, HiddenWord, Note
from samspel.engine import themes

MOST_SHOWN = 8  # the sizes of words on the screen
FEW_NOTES = 10  # so many that a word which stands once says something


@dataclass(frozen=True)
class Word:
    """A word, in how many thoughts it stands, and its size: 1 is the largest, 8 the smallest."""

    text: str
    count: int
    size: int


def words_of(dialogue: Dialogue, question: int) -> tuple[Word, ...]:
    """The words to show: of shared thoughts that nobody has set aside, without those the leaders took off.

    A word that stands in one thought only is shown where there are few thoughts. Two queries; the counting is kept in
    the process for as long as the thoughts are the same.
    """
    return words_in(dialogue, question)[:MOST_SHOWN]


def words_in(dialogue: Dialogue, question: int) -> tuple[Word, ...]:
    """All words that could be shown, for the leader who takes some off."""
    notes = Note.objects.filter(
        dialogue=dialogue, question=question, shared_at__isnull=False, set_aside_at=None
    ).order_by("pk")
    texts = tuple(notes.values_list("pk", "text"))
    hidden = frozenset(HiddenWord.objects.filter(dialogue=dialogue).values_list("word", flat=True))
    return _counted(texts, dialogue.language, hidden)


def may_show_words(dialogue: Dialogue) -> bool:
    """Whether the words may reach the hall: read through by a leader when review is on."""
    return dialogue.words_reviewed or not dialogue.needs_review


@lru_cache(maxsize=32)
def _counted(texts: tuple[tuple[int, str], ...], language: str, hidden: frozenset[str]) -> tuple[Word, ...]:
    notes = [themes.Note(str(note_id), text) for note_id, text in texts]
    spoken: themes.Language = "da" if language == "da" else "en" if language == "en" else "sv"
    least = 1 if len(notes) < FEW_NOTES else 2
    found = [
        word
        for word in themes.count_words(notes, language=spoken)
        if word.count >= least and hidden.isdisjoint(form.casefold() for form in (word.word, *word.forms))
    ]
    sizes = themes.size_classes([word.count for word in found])
    return tuple(Word(_sentence_case(word.word), word.count, size) for word, size in zip(found, sizes, strict=True))


def _sentence_case(word: str) -> str:
    return word[:1].upper() + word[1:]
