"""What one iteration of one server costs: seconds as a function of what is in its batch.

Every cost model (roofline, calibrated, operator tables) is boiled down to one `StepCost`: arrays that an engine looks
up, so that a step is priced in constant time, whatever model made them. It knows neither requests nor time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import NamedTuple

import numpy as np

from routelab.core.decisions import Floats
from routelab.pool.fleet.jit import entry

TIME, COMPUTE, MEMORY, LINKS = range(4)  # the columns of `tokens` and `rows`, and what `step_seconds` returns
RULES = ("operator", "sum", "max")
PAIR, CONTEXT, DECODE_COMPUTE, DECODE_MEMORY, FIXED, PER_SEQUENCE = range(6)


class Batch(NamedTuple):
    """What is computed in one iteration. Chunks are parts of prompts; a decode is a request that writes its next token.

    ``tokens``: all tokens computed. ``rows``: sequences that yield a token. ``pairs``: (query, key) pairs attended to
    by chunks, i.e. the sum of ``chunk * before + chunk * (chunk + 1) / 2``. ``context``: keys read by chunks, the sum
    of ``before + chunk``. ``decodes``: requests that decode. ``kv``: keys read by them, the sum of their lengths.
    """

    tokens: int
    rows: int
    pairs: float
    context: float
    decodes: int
    kv: float


def _no_grid() -> tuple[Floats, ...]:
    return ()


@dataclass(frozen=True)
class StepCost:
    """The arrays of one kind of server. All are seconds.

    ``tokens`` (T + 1, 4): what depends only on the number of tokens computed: time (every operator bound by the slower
    of compute and memory), compute alone, memory alone, and communication. T is the largest batch in tokens.
    ``rows`` (S + 1, 4): the same for the rows that yield a token (the vocabulary's head, sampling).
    ``pair_s``, ``context_s``: attention of chunks, a pair computed and a key read. ``decode_compute_s``,
    ``decode_memory_s``: attention of decodes, a key. ``fixed_s``: every step. ``per_sequence_s``: each sequence in it.
    ``attention_axes``, ``attention_s``: where attention was measured, its seconds over (tokens in chunks, keys before
    them, decodes, keys of a decode), interpolated between points; it replaces the four above in the time of a step.
    ``rule``: how compute and memory share a step: ``operator`` one operator after another, each bound by the slower;
    ``sum`` the one after the other; ``max`` perfectly overlapped.
    """

    tokens: Floats
    rows: Floats
    pair_s: float = 0.0
    context_s: float = 0.0
    decode_compute_s: float = 0.0
    decode_memory_s: float = 0.0
    fixed_s: float = 0.0
    per_sequence_s: float = 0.0
    attention_axes: tuple[Floats, ...] = field(default_factory=_no_grid)
    attention_s: Floats = field(default_factory=lambda: np.zeros((0, 0, 0, 0)))
    rule: str = "operator"

    @property
    def max_tokens(self) -> int:
        return len(self.tokens) - 1

    @property
    def max_rows(self) -> int:
        return len(self.rows) - 1

    def times(self, factor: float) -> StepCost:
        """The cost whose every step takes so many times as long."""
        seconds = [each.name for each in fields(self) if each.name not in ("rule", "attention_axes")]
        return replace(self, **{name: getattr(self, name) * factor for name in seconds})

    def seconds(self, batch: Batch) -> Floats:
        """(4,) time, compute, memory and communication of one step."""
        return np.array(step_seconds(stack([self]), 0, *batch))


class Costs(NamedTuple):
    """Several kinds of servers, stacked for compiled code: the first axis is the kind."""

    tokens: Floats
    rows: Floats
    scalars: Floats
    rule: np.ndarray
    axis_sizes: np.ndarray
    axes: Floats
    attention: Floats


def stack(kinds: list[StepCost]) -> Costs:
    """Pad and stack; a kind keeps its own limits elsewhere, padding is never read."""
    sizes = np.array([[len(axis) for axis in each.attention_axes] or [0] * 4 for each in kinds], dtype=np.int64)
    widest = tuple(int(size) for size in np.maximum(sizes.max(axis=0), 1))
    axes = np.zeros((len(kinds), 4, max(widest)))
    attention = np.zeros((len(kinds), *widest))
    for place, each in enumerate(kinds):
        for which, axis in enumerate(each.attention_axes):
            axes[place, which, : len(axis)] = axis
        a, b, c, d = each.attention_s.shape
        attention[place, :a, :b, :c, :d] = each.attention_s
    scalars = [
        (k.pair_s, k.context_s, k.decode_compute_s, k.decode_memory_s, k.fixed_s, k.per_sequence_s) for k in kinds
    ]
    return Costs(
        tokens=_padded([each.tokens for each in kinds]),
        rows=_padded([each.rows for each in kinds]),
        scalars=np.array(scalars, dtype=np.float64),
        rule=np.array([RULES.index(each.rule) for each in kinds], dtype=np.int64),
        axis_sizes=sizes,
        axes=axes,
        attention=attention,
    )


def _padded(tables: list[Floats]) -> Floats:
    padded = np.zeros((len(tables), max(map(len, tables)), 4))
    for place, table in enumerate(tables):
        padded[place, : len(table)] = table
    return padded


@entry
def step_seconds(
    costs: Costs, kind: int, tokens: int, rows: int, pairs: float, context: float, decodes: int, kv: float
) -> tuple[float, float, float, float]:
    """Time, compute, memory and communication of one step, in seconds; the fields of `Batch` in order."""
    pair_s, context_s = pairs * costs.scalars[kind, PAIR], context * costs.scalars[kind, CONTEXT]
    decode_compute_s, decode_memory_s = (
        kv * costs.scalars[kind, DECODE_COMPUTE],
        kv * costs.scalars[kind, DECODE_MEMORY],
    )
    compute = costs.tokens[kind, tokens, COMPUTE] + costs.rows[kind, rows, COMPUTE] + pair_s + decode_compute_s
    memory = costs.tokens[kind, tokens, MEMORY] + costs.rows[kind, rows, MEMORY] + context_s + decode_memory_s
    links = costs.tokens[kind, tokens, LINKS] + costs.rows[kind, rows, LINKS]
    rule = costs.rule[kind]
    if rule == 1:
        time = compute + memory
    elif rule == 2:
        time = max(compute, memory)
    else:
        if costs.axis_sizes[kind, 0] > 0:
            attention = _measured_attention(costs, kind, tokens - decodes, pairs, decodes, kv)
        else:
            attention = max(pair_s, context_s) + max(decode_compute_s, decode_memory_s)
        time = costs.tokens[kind, tokens, TIME] + costs.rows[kind, rows, TIME] + attention
    sequences = max(rows, decodes)
    time += links + costs.scalars[kind, FIXED] + sequences * costs.scalars[kind, PER_SEQUENCE]
    return time, compute, memory, links


@entry
def decode_line(costs: Costs, kind: int, tokens: int, decodes: int) -> tuple[float, float, float]:
    """Where the time of a step of decodes is a line in their keys: ``base + keys * slope + rest``, to the last bit what
    `step_seconds` says. A negative slope elsewhere."""
    if costs.rule[kind] != 0 or costs.axis_sizes[kind, 0] > 0:
        return 0.0, 0.0, -1.0
    slope = max(costs.scalars[kind, DECODE_COMPUTE], costs.scalars[kind, DECODE_MEMORY])
    links = costs.tokens[kind, tokens, LINKS] + costs.rows[kind, decodes, LINKS]
    rest = links + costs.scalars[kind, FIXED] + decodes * costs.scalars[kind, PER_SEQUENCE]
    return costs.tokens[kind, tokens, TIME] + costs.rows[kind, decodes, TIME], rest, slope


@entry
def _measured_attention(costs: Costs, kind: int, chunk: int, pairs: float, decodes: int, kv: float) -> float:
    """Attention by interpolation. Several chunks count as one with the same pairs; fewer pairs than one chunk could
    have (several prompts that do not see each other) take their share of its time."""
    mean = kv / decodes if decodes > 0 else 0.0
    alone = _interpolated(costs, kind, 0.0, 0.0, float(decodes), mean) if decodes > 0 else 0.0
    if chunk == 0:
        return alone
    whole = chunk * (chunk + 1) / 2
    before = max(0.0, (pairs - whole) / chunk)
    both = _interpolated(costs, kind, float(chunk), before, float(decodes), mean)
    return alone + (both - alone) * min(1.0, pairs / whole)


@entry
def _interpolated(costs: Costs, kind: int, a: float, b: float, c: float, d: float) -> float:
    """Linear between grid points along each of the four axes, and beyond the last two along the same line."""
    low_0, share_0 = _place(costs.axes[kind, 0], costs.axis_sizes[kind, 0], a)
    low_1, share_1 = _place(costs.axes[kind, 1], costs.axis_sizes[kind, 1], b)
    low_2, share_2 = _place(costs.axes[kind, 2], costs.axis_sizes[kind, 2], c)
    low_3, share_3 = _place(costs.axes[kind, 3], costs.axis_sizes[kind, 3], d)
    low = (low_0, low_1, low_2, low_3)
    total = 0.0
    for corner in range(16):
        weight = share_0 if corner & 1 else 1.0 - share_0
        weight *= share_1 if corner & 2 else 1.0 - share_1
        weight *= share_2 if corner & 4 else 1.0 - share_2
        weight *= share_3 if corner & 8 else 1.0 - share_3
        if weight != 0.0:
            total += (
                weight
                * costs.attention[
                    kind,
                    low[0] + (corner & 1),
                    low[1] + ((corner >> 1) & 1),
                    low[2] + ((corner >> 2) & 1),
                    low[3] + ((corner >> 3) & 1),
                ]
            )
    return max(total, 0.0)


@entry
def _place(axis: Floats, size: int, value: float) -> tuple[int, float]:
    """The grid point at or below a value, and how far it lies towards the next (over 1 beyond the last)."""
    low = min(int(np.searchsorted(axis[:size], value, side="right")) - 1, size - 2)
    low = max(low, 0)
    return low, (value - axis[low]) / (axis[low + 1] - axis[low])
