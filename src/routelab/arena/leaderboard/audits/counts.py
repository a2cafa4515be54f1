"""The audit of token counts that no tokenizer gave: constants, and rounded multiples of words or characters.

A tokenizer's counts scatter around every such rule. How well the shared table's own counts of the same calls follow
one says how much of a rule the texts themselves make.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from routelab.arena.leaderboard.audits.case import Case
from routelab.arena.leaderboard.audits.claims import ENOUGH, NO_CLAIMS, answered
from routelab.arena.leaderboard.audits.rule import for_kinds
from routelab.core.decisions import Floats, Ints

RATES = {
    "words": np.arange(0.7, 2.505, 0.01),
    "characters": np.unique(np.r_[np.arange(0.14, 0.505, 0.005), 1 / 3, 1 / 6]),
}
"""Tokens per word or character that an estimate may take; 4/3, 1.3 and 1/4 are the usual ones."""
LONG_ENOUGH = 12
"""Words from which a count that follows a rule is no accident."""
SPREAD = 64
"""What is added to the multiple lies within ± this."""
EXCESS = 0.06
"""Share of counts that may follow one rule beyond what the shared counts do; honest files stay below 0.03."""
CLEARER = 1e-3
"""Of rules that exceed the shared counts alike, the one that more counts follow is named."""
CAPPED = 0.3
"""Up to this share of outputs may end at the same largest count: the limit of tokens they were generated with."""


@for_kinds("predictions", otherwise=NO_CLAIMS)
def estimated_tokens(case: Case) -> tuple[bool, str]:
    """Constant or estimated token counts (RouterArena #175, #191)."""
    rows = answered(case).filter(pl.col("success"))
    prompts = case.table.queries.select("query_id", text="prompt")
    sides = {
        "input": (rows.join(prompts, on="query_id", how="left", maintain_order="left"), "input_tokens"),
        "output": (
            rows.rename({"answer": "text"}) if "answer" in rows.columns else rows.with_columns(text=None),
            "output_tokens",
        ),
    }
    tricked, told = False, []
    for side, (frame, column) in sides.items():
        frame = frame.filter((pl.col(column) > 0) & pl.col(f"shared_{column}").is_not_null())
        for rule, claimed, shared in _rules(frame, column, side):
            told.append(f"{claimed:.1%} of {side} counts are {rule} ({shared:.1%} in the shared table)")
            tricked |= claimed - shared > EXCESS
    return tricked, "; ".join(told) or "too few counts to tell"


def _rules(frame: pl.DataFrame, column: str, side: str) -> Iterator[tuple[str, float, float]]:
    """What counts have in common: (the rule, the share of claimed, the share of shared counts that follow it)."""
    if frame.height >= ENOUGH:
        claimed, shared = _whole(frame[column]), _whole(frame[f"shared_{column}"])
        values, times = np.unique(claimed, return_counts=True)
        often = values[times.argmax()]
        share = float((claimed == often).mean())
        if side == "input" or often != values[-1] or share > CAPPED:
            yield f"equal to {often}", share, float((shared == often).mean())
    sized = frame.filter(pl.col("text").is_not_null()).with_columns(
        words=pl.col("text").str.count_matches(r"\S+"), characters=pl.col("text").str.len_chars()
    )
    sized = sized.filter(pl.col("words") >= LONG_ENOUGH)
    if sized.height < ENOUGH:
        return
    claimed, shared = _whole(sized[column]), _whole(sized[f"shared_{column}"])
    shared += int(np.median(claimed - shared))  # another prompt template
    for unit, rates in RATES.items():
        size = sized[unit].to_numpy()
        follow = np.array([[_follow(counts, size, rate) for rate in rates] for counts in (claimed, shared)])
        if side == "output":  # answers made anew are of other lengths: only how well any rule fits can be compared
            follow[1] = follow[1].max()
        worst = (1 + CLEARER) * follow[0] - follow[1]
        rate, plus = np.unravel_index(worst.argmax(), worst.shape)
        rule = f"{rates[rate]:.3g} × {unit} {plus - SPREAD:+d}, rounded"
        yield rule, float(follow[0, rate, plus]), float(follow[1, rate, plus])


def _follow(counts: Ints, size: Ints, rate: float) -> Floats:
    """The share of counts that are this multiple of size plus a constant, rounded up or down, for every constant."""
    off = counts - np.rint(rate * size).astype(np.int64)
    near = np.bincount(off[np.abs(off) <= SPREAD] + SPREAD, minlength=2 * SPREAD + 1)
    return (near[:-1] + near[1:]) / len(counts)


def _whole(series: pl.Series) -> Ints:
    return np.asarray(np.rint(series.cast(pl.Float64).to_numpy()), np.int64)
