"""What arrives, and when: the columns that a workload makes and a pool serves.

Lengths of answers are the truth of the replay: the engine counts them down, and no router or policy is given them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routelab.core.decisions import Floats, Ints
from routelab.core.errors import InputError

NO_SESSION = -1


def _empty() -> Ints:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Arrivals:
    """Columns over n requests, in the order of their times. An empty column means the same for every request.

    ``time_s``: seconds from the start. ``input_tokens``, ``output_tokens``: at least 1 each. ``model``, ``region``:
    places in ``models`` and ``regions``. ``priority``: higher goes first. ``adapter``: the number of the
    adapter (LoRA) that must be loaded for it, -1 for none. ``session``: requests of one conversation or
    task share a number, -1 for none. ``step``: the place of a request in its session, where those of a step can only be
    asked when those before are answered. ``query``: the row of an outcome table whose content it carries, -1 for none.
    ``hash_ids``, ``hash_starts``: content of the prompt in blocks of ``hash_tokens`` tokens, request i has
    ``hash_ids[hash_starts[i]:hash_starts[i + 1]]``; two requests share a prefix as far as their ids agree.
    """

    time_s: Floats
    input_tokens: Ints
    output_tokens: Ints
    model: Ints = field(default_factory=_empty)
    region: Ints = field(default_factory=_empty)
    priority: Ints = field(default_factory=_empty)
    adapter: Ints = field(default_factory=_empty)
    session: Ints = field(default_factory=_empty)
    step: Ints = field(default_factory=_empty)
    query: Ints = field(default_factory=_empty)
    hash_ids: Ints = field(default_factory=_empty)
    hash_starts: Ints = field(default_factory=_empty)
    hash_tokens: int = 16
    models: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.time_s)

    def column(self, name: str, default: int = 0) -> Ints:
        """A column of integers, with its default for every request where it is empty."""
        values: Ints = getattr(self, name)
        return values if len(values) else np.full(len(self), default, dtype=np.int64)

    def part(self, start: int, stop: int) -> Arrivals:
        """The requests from `start` up to `stop`."""
        cut: dict[str, Any] = {
            each.name: getattr(self, each.name)[start:stop]
            for each in fields(self)
            if each.name in _BY_REQUEST and len(getattr(self, each.name))
        }
        if len(self.hash_starts):
            starts = self.hash_starts[start : stop + 1]
            cut |= {"hash_starts": starts - starts[0], "hash_ids": self.hash_ids[starts[0] : starts[-1]]}
        return replace(self, **cut)

    def blocks(self, size: int) -> Iterator[Arrivals]:
        """The same requests in parts of at most `size`."""
        for start in range(0, len(self), size):
            yield self.part(start, min(start + size, len(self)))

    def checked(self, where: str) -> Arrivals:
        """Itself, or the error that names the first wrong row."""
        n = len(self)
        for each in _BY_REQUEST:
            length = len(getattr(self, each))
            if length not in (n, 0) or (length == 0 and each in _BY_REQUEST[:3]):
                raise InputError(f"{where} {each}", expected=f"{n} values", got=str(length), fix="one for each request")
        if len(self.hash_starts) not in (0, n + 1):
            raise InputError(
                f"{where} hash_starts",
                expected=f"{n + 1} values",
                got=str(len(self.hash_starts)),
                fix="one more than requests",
            )
        _check(where, "time_s", "finite seconds, from 0 on", self.time_s, np.isfinite(self.time_s) & (self.time_s >= 0))
        _check(where, "time_s", "times in order", self.time_s, np.diff(self.time_s, prepend=0.0) >= 0)
        for name in ("input_tokens", "output_tokens"):
            values = getattr(self, name)
            _check(where, name, "at least 1 token", values, values >= 1)
        for name, known in (("model", self.models), ("region", self.regions)):
            values = self.column(name)
            expected = f"a place in {name}s, of which there are {len(known)}"
            _check(where, name, expected, values, (values >= 0) & (values < max(len(known), 1)))
        for name in (each for each in _BY_REQUEST[1:] if len(getattr(self, each))):
            if not np.issubdtype(getattr(self, name).dtype, np.integer):
                got = str(getattr(self, name).dtype)
                raise InputError(f"{where} {name}", expected="integers", got=got, fix="convert the column")
        if len(self.hash_starts):
            ends = self.hash_starts[0], self.hash_starts[-1], self.hash_tokens >= 1
            if ends != (0, len(self.hash_ids), True) or (np.diff(self.hash_starts) < 0).any():
                expected = "places in hash_ids, from 0 on to its end and never back, and blocks of at least 1 token"
                raise InputError(f"{where} hash_starts", expected=expected, got="others", fix="see Arrivals")
        return self


_BY_REQUEST = (
    "time_s",
    "input_tokens",
    "output_tokens",
    "model",
    "region",
    "priority",
    "adapter",
    "session",
    "step",
    "query",
)


def _check(where: str, name: str, expected: str, values: NDArray[Any], good: NDArray[np.bool_]) -> None:
    if not good.all():
        row = int(np.argmin(good))
        raise InputError(
            f"{where} row {row} {name}", expected=expected, got=str(values[row]), fix="correct or remove the row"
        )
