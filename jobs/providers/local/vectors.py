"""Vectors of texts without a model: their words and pairs of words, hashed into a fixed number of places.

Hashing needs no vocabulary, so vectors made today can be compared with those made in years. They tell which
texts share words, not which mean the same in other words. Source: K. Weinberger et al., "Feature Hashing for
Large Scale Multitask Learning", ICML 2009.
"""

from __future__ import annotations

from functools import cache
from typing import Any

PLACES = 512
MODEL = f"hashing-{PLACES}-v1"


def of(texts: list[str]) -> tuple[tuple[float, ...], ...]:
    """A vector of length 1 for each text; of zeros for one without words. Blocking."""
    rows = _vectorizer().transform(texts).toarray()
    return tuple(tuple(round(float(value), 6) for value in row) for row in rows)


@cache
def _vectorizer() -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer  # type: ignore[import-untyped]

    return HashingVectorizer(n_features=PLACES, ngram_range=(1, 2), norm="l2", stop_words=None)
