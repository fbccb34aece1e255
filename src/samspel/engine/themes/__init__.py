"""Words with counts, and the same proposal from several tables recognised. Themes come on top of this.

>>> from samspel.engine.themes import Note, count_words
>>> notes = [Note("1", "Mer tid!"), Note("2", "Tiden räcker inte"), Note("3", "Tillit och tid, tid, tid")]
>>> [(word.word, word.count) for word in count_words(notes, language="sv")]
[('tid', 3), ('räcker', 1), ('tillit', 1)]
"""

from .words import Language, Note, WordCount, count_words, normalise, size_classes

__all__ = ["Language", "Note", "WordCount", "count_words", "normalise", "size_classes"]
