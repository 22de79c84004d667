"""TF-IDF vectors of pieces of a meeting, and how alike they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Matrix = Any
"""A two-dimensional numpy array; numpy is too heavy to import for a name."""


def tfidf(pieces: Sequence[Sequence[str]]) -> Matrix | None:
    """A row of unit length for each piece, given as its terms; None when no piece has a term.

    Weights are (1 + log of count) × smoothed inverse document frequency, as scikit-learn defines them.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]

    if not any(pieces):
        return None
    vectorizer = TfidfVectorizer(analyzer=_itself, sublinear_tf=True)
    return vectorizer.fit_transform(pieces)


def likeness(vectors: Matrix) -> Matrix:
    """The cosine of each row with each row, as a dense square."""
    return (vectors @ vectors.T).toarray()


def _itself(piece: Sequence[str]) -> Sequence[str]:
    return piece
