"""A note as the engine sees it, and what notes have that can vote for a theme."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from .embeddings import Embed, embed_notes
from .features import Matrix, Space
from .seeds import Hit, Seeds
from .spreading import Evidence
from .tokens import content_of, language_of, words_of
from .words import Language, Note

__all__ = ["Read", "evidence_of", "read_note"]


@dataclass(frozen=True, slots=True)
class Read:
    """A note, its language, the words that say what it is about (each once), and the seeds found in it."""

    note: Note
    language: Language
    content: tuple[str, ...]
    hits: tuple[Hit, ...]


def read_note(note: Note, seeds: Seeds, default: Language) -> Read:
    tokens = words_of(note.text)
    language = note.language or language_of(tokens, default)
    return Read(note, language, content_of(tokens, language), seeds.find(tokens, language))


def evidence_of(
    read: Sequence[Read], seeds: Seeds, space: Space, embed: Embed | None, words: Matrix | None = None
) -> Evidence:
    """Rows for these notes; `words` where they are known. Without a sentence model `meaning` has no columns."""
    hits = sparse.csr_matrix(
        (
            np.array([hit.weight for one in read for hit in one.hits], dtype=np.float64),
            np.array([hit.seed for one in read for hit in one.hits], dtype=np.int64),
            np.cumsum([0, *(len(one.hits) for one in read)]),
        ),
        shape=(len(read), len(seeds.votes)),
    )
    words = space.rows([(one.language, one.content) for one in read]) if words is None else words
    if embed is None or not read:
        return Evidence(hits, words, np.zeros((len(read), 0)))
    return Evidence(hits, words, embed_notes(embed, [one.note.text for one in read]))
