"""``Complete``: messages in, answer out. Injected wherever a model must be called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import msgspec

from routelab.core.types import Turn


class Sampling(msgspec.Struct, frozen=True, kw_only=True):
    """How an answer is drawn."""

    max_tokens: int = 512
    temperature: float = 0.0
    seed: int = 0
    stop: tuple[str, ...] = ()


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """An answer and its bill of materials. Unknown numbers are None, never zero."""

    text: str
    model: str | None = None
    finish_reason: str | None = None
    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    ttft_s: float | None = None
    latency_s: float | None = None
    energy_j: float | None = None


@runtime_checkable
class Complete(Protocol):
    """A callable that asks one model. It raises RoutelabError for what the user can mend and lets a
    transport's own errors through, so that callers decide about retries. It must be safe to call from threads.
    """

    def __call__(self, turns: Sequence[Turn], sampling: Sampling) -> Completion: ...
