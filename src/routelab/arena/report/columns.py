"""The columns of the leaderboard: what each is called, what it means, and how a scorecard fills it.

One list for the page, the terminal and Markdown. It knows nothing of HTML, colours or widths.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from routelab.arena.report.format import (
    DASH,
    DOLLARS,
    INDEX,
    MILLISECONDS,
    NOT_MEASURED,
    PERCENT,
    POINTS,
    SCORE,
    WHOLE_PERCENT,
    Unit,
    as_metric,
    explain,
    p_value,
    plain,
    plus_minus,
)
from routelab.arena.report.schema import Claim, Metric, Scorecard


@dataclass(frozen=True)
class Cell:
    """``text`` is read at a glance, ``tip`` on hover; ``claim`` is True where a test found a difference."""

    text: str
    tip: str
    sort: float | str | None
    claim: bool = False


@dataclass(frozen=True)
class Column:
    """``importance`` 1 stays on the narrowest screen; 3 is the first to go."""

    key: str
    title: str
    hint: str
    fill: Callable[[Scorecard, float], Cell]
    importance: int = 1


def _metric(
    read: Callable[[Scorecard], Metric | None], unit: Unit, *, short: bool = False, exact: Unit | None = None
) -> Callable[[Scorecard, float], Cell]:
    write = plain if short else plus_minus

    def fill(row: Scorecard, confidence: float) -> Cell:
        metric = read(row)
        tip = explain(metric, exact or unit, confidence)
        return Cell(write(metric, unit), tip, metric.known if metric else None)

    return fill


def _difference(
    read: Callable[[Scorecard], tuple[Metric | None, Claim | None]], claim_text: str
) -> Callable[[Scorecard, float], Cell]:
    def fill(row: Scorecard, confidence: float) -> Cell:
        metric, claim = read(row)
        value = metric.known if metric else None
        tip = explain(metric, POINTS, confidence)
        if value is None:
            return Cell(DASH, tip, None)
        proven = bool(claim and claim.significant)
        if claim:
            verdict = claim_text if proven else f"Not shown: {claim_text.lower()}"
            tip += f". {verdict} ({p_value(claim.p_adjusted)}, one-sided, adjusted for all routers)"
        return Cell(plus_minus(metric, POINTS) + (" ✓" if proven else ""), tip, value, proven)

    return fill


def _rank(row: Scorecard, _: float) -> Cell:
    if row.rank is None:
        return Cell("", "A yardstick: shown, not ranked" if row.baseline else NOT_MEASURED, None)
    low, high = row.rank.low, row.rank.high
    text = f"{low}" if low == high else f"{low}–{high}"
    tip = f"{low - 1} routers are significantly better; the rank may be as low as {high}"
    return Cell(text, tip, float(low))


def _name(row: Scorecard, _: float) -> Cell:
    return Cell(row.name, row.description or row.name, row.name)


def _saving(row: Scorecard, confidence: float) -> Cell:
    metric = row.cost_saving_at_equal_quality
    tip = explain(metric, PERCENT, confidence)
    if row.reach_probability is not None and row.reach_probability.known is not None:
        tip += f". Equal quality is reached with probability {row.reach_probability.known:.2f}"
    return Cell(plain(metric, WHOLE_PERCENT), tip, metric.known if metric else None)


def _latency(row: Scorecard, confidence: float) -> Cell:
    if row.decision_latency_ms is None:
        return Cell(DASH, NOT_MEASURED, None)
    p50, p99 = as_metric(row.decision_latency_ms.p50), as_metric(row.decision_latency_ms.p99)
    tip = f"p50 {explain(p50, MILLISECONDS, confidence)}; p99 {plain(p99, MILLISECONDS)}"
    return Cell(plain(p50, MILLISECONDS), tip, p50.known if p50 else None)


COLUMNS: tuple[Column, ...] = (
    Column("rank", "Rank", "1 + the routers that are significantly better, to the worst rank still possible", _rank),
    Column("name", "Router", "The router, or the yardstick it is held against", _name),
    Column(
        "accuracy",
        "Accuracy",
        "Mean score of the answers, in percent",
        _metric(lambda r: r.accuracy, SCORE, exact=PERCENT),
    ),
    Column(
        "arena",
        "Arena",
        "Arena score × 100: accuracy and log cost in one number",
        _metric(lambda r: r.arena_score, SCORE, short=True),
        2,
    ),
    Column(
        "cost",
        "$ / 1k",
        "US dollars per 1,000 queries, the router's own cost included",
        _metric(lambda r: r.cost_per_1k_usd, DOLLARS, short=True),
    ),
    Column(
        "single",
        "Δ best single",
        "Accuracy minus that of the best single arm, in points; ✓ where a test shows it is better",
        _difference(lambda r: (r.delta_vs_best_single, r.beats_best_single), "Beats the best single arm"),
    ),
    Column(
        "hull",
        "Δ hull",
        "Accuracy minus that of random mixing of single arms at the same cost, in points; ✓ where above it",
        _difference(lambda r: (r.delta_vs_hull, r.above_hull), "Lies above the hull of single arms"),
    ),
    Column(
        "saving",
        "Saving",
        "Cost saved at the quality of the best single arm; a dash where that quality is not reached",
        _saving,
        2,
    ),
    Column(
        "collapse",
        "Collapse",
        "Share of the favourite arm, less the oracle's share of that arm; 0 is no collapse",
        _metric(lambda r: r.collapse, Unit(1, 2), short=True),
        3,
    ),
    Column("latency", "Decide", "Decision latency, median, in milliseconds", _latency, 3),
)


@dataclass(frozen=True)
class Fact:
    """One further metric of a scorecard, shown where a router is looked at closely."""

    title: str
    hint: str
    unit: Unit
    read: Callable[[Scorecard], Metric | None]


FACTS: tuple[Fact, ...] = (
    Fact(
        "Gain at equal cost",
        "Points over the best single arm at no more than its cost",
        POINTS,
        lambda r: r.quality_at_equal_cost,
    ),
    Fact(
        "Regret to the oracle",
        "Score left on the table",
        Unit(100, 1, suffix=" pt"),
        lambda r: r.regret_vs_oracle,
    ),
    Fact(
        "Optimal selection",
        "How often the cheapest perfect arm was picked, where there is one",
        PERCENT,
        lambda r: r.optimality.selection,
    ),
    Fact(
        "Optimal cost",
        "Cheapest perfect cost over paid cost, where the pick was perfect",
        PERCENT,
        lambda r: r.optimality.cost,
    ),
    Fact(
        "Optimal accuracy",
        "Score on the queries that some arm answers perfectly",
        PERCENT,
        lambda r: r.optimality.accuracy,
    ),
    Fact("AIQ", "Mean height of the dial's hull from the cheapest to the dearest arm's cost", INDEX, lambda r: r.aiq),
    Fact(
        "APGR",
        "Mean share of the gap between cheapest and best single arm recovered, over the extra cost",
        INDEX,
        lambda r: r.apgr,
    ),
    Fact(
        "CPT 50 %", "Share of the extra cost that recovers half of the gap", PERCENT, lambda r: (r.cpt or {}).get("50")
    ),
    Fact(
        "CPT 80 %", "Share of the extra cost that recovers 80 % of the gap", PERCENT, lambda r: (r.cpt or {}).get("80")
    ),
    Fact(
        "Robustness",
        "1 − flips of the same meaning / selectivity: 1 is steady, 0 is as if asked something else",
        Unit(1, 2),
        lambda r: r.robustness,
    ),
    Fact(
        "Selectivity",
        "How often two different queries get different arms; 0 is one arm for all",
        PERCENT,
        lambda r: r.selectivity,
    ),
    Fact(
        "Flips, same meaning",
        "How often the pick changes when the meaning does not",
        PERCENT,
        lambda r: r.flips.kept,
    ),
    Fact(
        "Flips, other meaning",
        "How often the pick changes when a number or a negation changes what is asked",
        PERCENT,
        lambda r: r.flips.changed,
    ),
    Fact(
        "Pick entropy",
        "Entropy of the arms picked: 0 is one arm for all, 1 is all alike",
        Unit(1, 2),
        lambda r: r.pick_entropy,
    ),
    Fact(
        "Brier score",
        "Squared error of predicted quality; 0 is perfect",
        INDEX,
        lambda r: _calibrated(r, "brier"),
    ),
    Fact("Calibration error", "Expected calibration error (ECE)", INDEX, lambda r: _calibrated(r, "ece")),
)


def _calibrated(row: Scorecard, name: str) -> Metric | None:
    return getattr(row.calibration, name) if row.calibration else None
