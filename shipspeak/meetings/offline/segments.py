"""Cutting a meeting into stretches about one thing.

Among all ways to cut a row of blocks into a given number of stretches, the one whose stretches are most
alike inside: it maximises Σ over stretches of ‖Σ vectors of the stretch‖, which is spherical k-means
(Dhillon and Modha 2001) with stretches for clusters, solved exactly by dynamic programming as in Fragkou,
Petridis and Kehagias 2004, “A Dynamic Programming Algorithm for Linear Text Segmentation”.
"""

from __future__ import annotations

from itertools import pairwise

from shipspeak.meetings.offline.vectors import Matrix, likeness


def boundaries(vectors: Matrix, count: int, shortest: int) -> list[int]:
    """Where each of ``count`` stretches begins, the first at 0.

    Args:
        vectors: a row for each block, in order; see `vectors.tfidf`.
        count: how many stretches; fewer come back when the blocks don't suffice.
        shortest: blocks that a stretch has at least.
    """
    size = vectors.shape[0]
    count = max(1, min(count, size // shortest))
    cohesion = _cohesion(vectors)
    best, back = _best(cohesion, count, shortest)
    del best
    ends = [size]
    for stretches in range(count, 0, -1):
        ends.append(back[stretches][ends[-1]])
    return sorted(ends[1:])


def stretches(starts: list[int], size: int) -> list[tuple[int, int]]:
    """Begin and end (excluded) of each stretch."""
    return list(pairwise([*starts, size]))


def _cohesion(vectors: Matrix) -> Matrix:
    """``[i, j]``: length of the sum of the vectors i..j-1, from sums over squares of the Gram matrix."""
    import numpy as np

    gram = likeness(vectors)
    size = gram.shape[0]
    sums = np.zeros((size + 1, size + 1))
    sums[1:, 1:] = gram.cumsum(axis=0).cumsum(axis=1)
    diagonal = np.diag(sums)
    squares = diagonal[None, :] + diagonal[:, None] - sums - sums.T
    return np.sqrt(np.maximum(squares, 0.0))


def _best(cohesion: Matrix, count: int, shortest: int) -> tuple[Matrix, Matrix]:
    """``best[k, j]``: the most that k stretches over the first j blocks reach; ``back``: how."""
    import numpy as np

    size = cohesion.shape[0] - 1
    best = np.full((count + 1, size + 1), -np.inf)
    back = np.zeros((count + 1, size + 1), dtype=int)
    best[0, 0] = 0.0
    for k in range(1, count + 1):
        for end in range(k * shortest, size + 1):
            options = best[k - 1, : end - shortest + 1] + cohesion[: end - shortest + 1, end]
            back[k, end] = int(options.argmax())
            best[k, end] = options[back[k, end]]
    return best, back
