"""The words of a meeting with their counts: ``engine.themes`` over what people chose to share."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import QuerySet, Value
from django.db.models.functions import MD5

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
    the process for as long as the thoughts are the same, and costs one more when they are not.
    """
    return words_in(dialogue, question)[:MOST_SHOWN]


def words_in(dialogue: Dialogue, question: int) -> tuple[Word, ...]:
    """All words that could be shown, for the leader who takes some off."""
    notes = Note.objects.filter(dialogue=dialogue, question=question, shared_at__isnull=False, set_aside_at=None)
    # The database tells whether the thoughts are those of before: ten thousand of them are read when they are not.
    stamp = notes.aggregate(stamp=MD5(StringAgg(MD5("text"), delimiter=Value(""), order_by="pk")))["stamp"]
    hidden = frozenset(HiddenWord.objects.filter(dialogue=dialogue).values_list("word", flat=True))
    return _counted(_Thoughts(stamp or "", notes), dialogue.language, hidden) if stamp else ()


@dataclass(frozen=True)
class _Thoughts:
    """Thoughts to read if need be; two with the same stamp are the same."""

    stamp: str
    rows: QuerySet[Note] = field(compare=False)


def may_show_words(dialogue: Dialogue) -> bool:
    """Whether the words may reach the hall: read through by a leader when review is on."""
    return dialogue.words_reviewed or not dialogue.needs_review


@lru_cache(maxsize=32)
def _counted(thoughts: _Thoughts, language: str, hidden: frozenset[str]) -> tuple[Word, ...]:
    read = 0

    def notes() -> Iterator[themes.Note]:
        nonlocal read
        for note_id, text in thoughts.rows.order_by("pk").values_list("pk", "text").iterator(chunk_size=2000):
            read += 1
            yield themes.Note(str(note_id), text)

    counted = themes.count_words(notes(), language=themes.known_language(language), keep_notes=False)
    least = 1 if read < FEW_NOTES else 2
    found = [
        word
        for word in counted
        if word.count >= least and hidden.isdisjoint(form.casefold() for form in (word.word, *word.forms))
    ]
    sizes = themes.size_classes([word.count for word in found])
    return tuple(Word(_sentence_case(word.word), word.count, size) for word, size in zip(found, sizes, strict=True))


def _sentence_case(word: str) -> str:
    return word[:1].upper() + word[1:]
