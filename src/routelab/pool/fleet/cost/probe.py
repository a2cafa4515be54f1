"""What the steps of a live server take, from outside: a few requests of known sizes, alone and together.

A request that is alone tells what its prompt takes (until the first token) and what its tokens take (until the last).
Requests sent together tell what more of them in a batch cost: the one that began to decode last, from its first token
on, beside as many others as overlap with it in time. Nobody else may use the server meanwhile. What a request costs
outside of the engine (network, templates) is counted to its first step. Knows no simulator.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from routelab.core import Complete, Sampling, Turn
from routelab.core.errors import ContractError
from routelab.core.seeds import stream
from routelab.pool.fleet.cost.fitted import Stretch

WORDS = ("able", "bird", "corn", "door", "east", "fish", "gold", "hand", "iron", "jump", "king", "lamp", "moon", "nest")


@dataclass(frozen=True)
class Grid:
    """What is asked: every prompt length (in words) alone, then so many clients at once with the shortest prompt.

    ``answer``: tokens of each answer. ``step_tokens``: the most that the server puts into one step.
    """

    prompts: tuple[int, ...] = (8, 64, 128, 256)
    clients: tuple[int, ...] = (2, 4)
    answer: int = 32
    step_tokens: int = 2048

    @property
    def requests(self) -> int:
        return len(self.prompts) + sum(self.clients)


@dataclass(frozen=True)
class _Timed:
    """One request: when its first and last token came, and its sizes."""

    sent_s: float
    first_s: float
    last_s: float
    prompt: int
    answer: int


def probe(complete: Complete, grid: Grid, *, seed: int = 0) -> list[Stretch]:
    """Ask everything in the grid once, with a seed of its own each time.

    Raises ContractError where the server tells no tokens or does not stream.
    """
    draw = stream(seed, "fleet", "probe")
    with ThreadPoolExecutor(max(grid.clients, default=1)) as pool:
        found: list[Stretch] = []
        for length in grid.prompts:
            found += _alone(_ask(complete, _text(draw, length), grid.answer), grid.step_tokens)
        for clients in grid.clients:
            texts = [_text(draw, min(grid.prompts)) for _ in range(clients)]
            found += _together(list(pool.map(lambda text: _ask(complete, text, grid.answer), texts)))
    return found


def _text(draw: np.random.Generator, length: int) -> str:
    """Words in an order that no other prompt has, so that no cache holds them."""
    return " ".join(WORDS[place] for place in draw.integers(len(WORDS), size=length))


def _ask(complete: Complete, text: str, answer: int) -> _Timed:
    sent = time.perf_counter()
    found = complete([Turn("user", text)], Sampling(max_tokens=answer, temperature=0.0))
    if found.ttft_s is None or found.latency_s is None or not found.input_tokens or not found.output_tokens:
        raise ContractError(
            "probed endpoint",
            expected="a streamed answer, with the tokens of prompt and answer in `usage`",
            got="neither or one of them",
            fix="use a server that honours stream_options.include_usage",
        )
    return _Timed(sent, sent + found.ttft_s, sent + found.latency_s, found.input_tokens, found.output_tokens)


def _alone(one: _Timed, step_tokens: int) -> list[Stretch]:
    pairs = one.prompt * (one.prompt + 1) / 2
    prompt = Stretch(one.first_s - one.sent_s, math.ceil(one.prompt / step_tokens), one.prompt, 1, pairs, 0)
    return [prompt, *_decoded(one, [])]


def _together(group: Sequence[_Timed]) -> list[Stretch]:
    """Of the one whose first token came last: nobody computes a prompt from then on."""
    last = max(group, key=lambda each: each.first_s)
    return _decoded(last, [each for each in group if each is not last])


def _decoded(one: _Timed, others: Sequence[_Timed]) -> list[Stretch]:
    steps, seconds = one.answer - 1, one.last_s - one.first_s
    if steps < 1 or seconds <= 0:
        return []
    beside = [max(0.0, min(each.last_s, one.last_s) - one.first_s) / seconds for each in others]
    sequences = steps * (1 + sum(beside))
    keys = steps * sum(
        share * (each.prompt + each.answer / 2) for share, each in zip([1.0, *beside], [one, *others], strict=True)
    )
    return [Stretch(seconds, steps, sequences, sequences, 0.0, keys)]
