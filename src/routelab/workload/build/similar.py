"""Which texts are nearly the same: Jaccard's similarity of their runs of three words, rare runs weighing more.

The weight of a run is log(1 + texts / texts that have it), so that what a common template contributes counts little.
Sparse products in blocks; no loop over pairs. Knows nothing of what the texts ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from scipy import sparse

BLOCK = 1024
RUN = 3
_WORD = re.compile(r"\w+|[^\w\s]")

Pair = tuple[int, int]


def normal_form(text: str) -> str:
    """Lower case, single spaces, no punctuation at word ends.

    >>> normal_form("What  is 2 + 2?") == normal_form("what is 2 + 2")
    True
    """
    return " ".join(part.strip(".,;:!?\"'()") for part in text.casefold().split())


def near_pairs(texts: Sequence[str], others: Sequence[str] | None, least: float) -> list[Pair]:
    """Pairs (i, j) of a text and another one with a similarity of at least ``least``; within ``texts``, j < i.

    ``others`` None compares the texts with one another.
    """
    if not texts or (others is not None and not others):
        return []
    runs = _runs([*texts, *(others or ())])
    mine, theirs = runs[: len(texts)], runs if others is None else runs[len(texts) :]
    return [pair for pair in _similar(mine, theirs, least) if others is not None or pair[1] < pair[0]]


def _similar(mine: sparse.csr_matrix, theirs: sparse.csr_matrix, least: float) -> Iterator[Pair]:
    sizes, other_sizes = (np.asarray(each.multiply(each).sum(axis=1)).ravel() for each in (mine, theirs))
    turned = theirs.T.tocsr()
    for start in range(0, mine.shape[0], BLOCK):
        shared = (mine[start : start + BLOCK] @ turned).tocoo()
        union = sizes[start + shared.row] + other_sizes[shared.col] - shared.data
        for k in np.flatnonzero(shared.data >= least * union - 1e-9):
            yield start + int(shared.row[k]), int(shared.col[k])


def _runs(texts: Sequence[str]) -> sparse.csr_matrix:
    """(n, V) roots of the weights of the runs that each text has; a short text is one run."""
    index: dict[tuple[str, ...], int] = {}
    columns: list[int] = []
    ends = [0]
    for text in texts:
        words = _WORD.findall(text.casefold())
        runs = {tuple(words[k : k + RUN]) for k in range(max(1, len(words) - RUN + 1))}
        columns += [index.setdefault(run, len(index)) for run in sorted(runs)]
        ends.append(len(columns))
    weights = np.sqrt(np.log1p(len(texts) / np.bincount(columns, minlength=len(index))))
    return sparse.csr_matrix((weights[columns], columns, ends), shape=(len(texts), len(index)))
