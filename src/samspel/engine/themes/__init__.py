"""Notes in Swedish, Danish and English: words with counts, and named themes while the notes stream in.

>>> import numpy as np
>>> from samspel.engine.themes import Note, Problem, count_words, parse_lexicon, solve
>>> notes = (Note("1", "Mer tid!"), Note("2", "Tiden räcker inte"), Note("3", "Tillit och tid, tid, tid"))
>>> [(word.word, word.count) for word in count_words(notes, language="sv")]
[('tid', 3), ('räcker', 1), ('tillit', 1)]
>>> lexicon = parse_lexicon("[time]\\nname sv: Tid\\nsv: tid")
>>> state = solve(Problem(notes, lexicon), rng=np.random.default_rng(1))
>>> [place.theme for place in state.result.placements]
['time', 'time', 'time']
"""

from .checking import check
from .describing import describe
from .embeddings import Embed
from .lexicon import OTHER, Lexicon, LexiconError, LexiconTheme, parse_lexicon
from .records import PLACED_FROM, Placement, Problem, Result, Theme
from .solving import State, add, move, solve, take_apart
from .words import LANGUAGES, Language, Note, WordCount, count_words, known_language, normalise, size_classes

__all__ = [
    "LANGUAGES",
    "OTHER",
    "PLACED_FROM",
    "Embed",
    "Language",
    "Lexicon",
    "LexiconError",
    "LexiconTheme",
    "Note",
    "Placement",
    "Problem",
    "Result",
    "State",
    "Theme",
    "WordCount",
    "add",
    "check",
    "count_words",
    "describe",
    "known_language",
    "move",
    "normalise",
    "parse_lexicon",
    "size_classes",
    "solve",
    "take_apart",
]
