"""``QueryBatch``: what a router is shown of some queries, encoded and reduced at most once.

Routers that are given the same batch object share its encodings, the reductions fitted on it and their rows.
Only what a user of the router would also have: the text, and the task label where the caller knows one.
References, difficulty and outcomes are truth and are not in here.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from routelab.core.errors import PrerequisiteError
from routelab.core.files import atomic_path, cache_folder, digest
from routelab.encode.encoders import Encoded, Encoder, Matrix, Verbatim
from routelab.encode.reduce import Reduction

DISK_CACHE_FROM = 2_000


@dataclass(frozen=True)
class QueryBatch:
    """n queries. ``texts`` is None for a table whose prompts are not public; ``tasks`` may hold None.

    >>> QueryBatch.of(["hi", "there"]).take([1]).texts
    ('there',)
    """

    ids: tuple[str, ...]
    texts: tuple[str, ...] | None
    tasks: tuple[str | None, ...]
    _root: QueryBatch | None = field(default=None, repr=False)
    _index: npt.NDArray[np.int64] | None = field(default=None, repr=False)
    _memo: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, texts: Sequence[str], tasks: Sequence[str | None] | None = None) -> QueryBatch:
        """A batch from bare prompts."""
        n = len(texts)
        return cls(tuple(map(str, range(n))), tuple(texts), tuple(tasks) if tasks else (None,) * n)

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: npt.ArrayLike) -> QueryBatch:
        """Some of the queries; their encodings are shared with this batch."""
        index = np.asarray(rows, np.int64)
        picked = [int(row) for row in index]
        root = self._root or self
        return QueryBatch(
            tuple(self.ids[row] for row in picked),
            None if self.texts is None else tuple(self.texts[row] for row in picked),
            tuple(self.tasks[row] for row in picked),
            root,
            index if self._index is None else self._index[index],
        )

    def fingerprints(self) -> npt.NDArray[np.uint64]:
        """(n,) hashes of the normalised prompts, of the ids where there are none: copies of a query share theirs."""
        if self._root is not None:
            return self._root.fingerprints()[self._index]
        if "fingerprints" not in self._memo:
            keys = self.ids if self.texts is None else map(normalise, self.texts)
            digests = (hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest() for key in keys)
            self._memo["fingerprints"] = np.frombuffer(b"".join(digests), np.uint64)
        prints: npt.NDArray[np.uint64] = self._memo["fingerprints"]
        return prints

    def encoded(self, encoder: Encoder) -> Encoded:
        """(n, d) rows of ``encoder``; computed once for the batch that this one was taken from."""
        if self._root is not None:
            return self._root.encoded(encoder)[self._index]
        if encoder.hash not in self._memo:
            if self.texts is None:
                raise PrerequisiteError(
                    "queries",
                    expected="prompts to encode",
                    got="a table without prompts",
                    fix="use a router that does not read text",
                )
            self._memo[encoder.hash] = _encode(encoder, self.texts)
        return self._memo[encoder.hash]

    def fitted(self, encoder: Encoder, reduction: Reduction, seed: int) -> Reduction:
        """``reduction`` fitted on these queries' rows; one object for each (encoder, reduction, seed)."""
        key = ("fitted", encoder.hash, digest(msgspec.to_builtins(reduction)), seed)
        if key not in self._memo:
            self._memo[key] = deepcopy(reduction).fit(self.encoded(encoder), seed)
        learned: Reduction = self._memo[key]
        return learned

    def reduced(self, encoder: Encoder, fitted: Reduction) -> Matrix:
        """(n, dimensions) rows of ``encoder`` through a fitted reduction, which the memo keeps alive."""
        key = ("reduced", encoder.hash, id(fitted))
        if key not in self._memo:
            self._memo[key] = (fitted, fitted.transform(self.encoded(encoder)))
        rows: Matrix = self._memo[key][1]
        return rows


def _encode(encoder: Encoder, texts: tuple[str, ...]) -> Encoded:
    """Encode, through the disk cache where the batch is large and the rows are dense and no prompts in disguise."""
    if len(texts) < DISK_CACHE_FROM or isinstance(encoder, Verbatim):
        return encoder.encode(texts)
    key = hashlib.sha256("\x1f".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:24]
    place = cache_folder() / "encode" / encoder.hash / f"{key}.npy"
    if place.is_file():
        return np.load(place)
    rows = encoder.encode(texts)
    if isinstance(rows, np.ndarray):
        with atomic_path(place) as temporary, temporary.open("wb") as stream:
            np.save(stream, rows)
    return rows


def normalise(text: str) -> str:
    """A prompt without what makes copies look different: case, width, punctuation runs and white space.

    >>> normalise("What  is 2 + 2 ?") == normalise("what is 2 + 2?")
    True
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"\s+", " ", re.sub(r"\s*([?!.,;:])\s*", r"\1 ", folded)).strip()
