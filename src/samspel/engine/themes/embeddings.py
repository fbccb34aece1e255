"""A municipality's own sentence model, if it has one: any function from texts to rows of numbers."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Embed", "embed_notes"]


class Embed(Protocol):
    """Texts to vectors, shape (texts, dimensions), near for texts of like meaning. The engine downloads nothing."""

    def __call__(self, texts: Sequence[str], /) -> NDArray[np.floating]: ...


def embed_notes(embed: Embed, texts: Sequence[str]) -> NDArray[np.float64]:
    """The rows of a model, checked and brought to length 1."""
    rows = np.asarray(embed(texts), dtype=np.float64)
    if rows.ndim != 2 or len(rows) != len(texts) or not np.isfinite(rows).all():
        raise ValueError(f"embed must give {len(texts)} finite rows, got shape {rows.shape}")
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1))
