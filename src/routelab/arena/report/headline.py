"""What a run found, in a title and a few honest sentences; text only.

A claim is made only where a corrected test supports it; otherwise the sentence says that nothing was shown and
how small a difference this run could have seen.
"""

from __future__ import annotations

from dataclasses import dataclass

from routelab.arena.report.format import (
    POINTS,
    WHOLE_PERCENT,
    Unit,
    interval,
    listed,
    number,
    plural,
)
from routelab.arena.report.schema import Claim, Metric, Result, Scorecard

SIZE = Unit(100, 1, suffix=" points")


@dataclass(frozen=True)
class Headline:
    """``title`` fits on two lines; ``sentences`` carry the numbers."""

    title: str
    sentences: tuple[str, ...]


def headline(result: Result) -> Headline:
    """Who wins, what beats the best single arm, what lies above the hull; or that nothing does."""
    ranked = result.ranked
    if not ranked:
        return Headline("No router was judged.", ("Only yardsticks are shown below.",))
    beaters = [row for row in ranked if _proven(row.beats_best_single)]
    above = [row for row in ranked if _proven(row.above_hull)]
    if beaters:
        gain = number(_known(beaters[0].delta_vs_best_single), SIZE)
        title = f"{beaters[0].name} beats the best single arm by {gain}."
    elif above:
        title = f"No router is shown to beat the best single arm, but {above[0].name} lies above the hull."
    else:
        title = "No router is shown to beat the best single arm."
    sentences = [
        _single(result, ranked, beaters),
        _control(ranked, beaters),
        _hull(result, ranked, above),
        _saving(ranked),
        _ties(ranked),
    ]
    return Headline(title, tuple(sentence for sentence in sentences if sentence))


def best_single_arm(result: Result) -> str | None:
    """The arm that the best-single baseline picked most often."""
    for row in result.baselines:
        if row.name == "best-single" and row.picks:
            return max(row.picks, key=lambda pick: pick.share).arm
    return None


def _proven(claim: Claim | None) -> bool:
    return bool(claim and claim.significant)


def _single(result: Result, ranked: list[Scorecard], beaters: list[Scorecard]) -> str:
    arm = best_single_arm(result)
    named = f"the best single arm ({arm})" if arm else "the best single arm"
    if beaters:
        first = beaters[0]
        text = f"{first.name} is at {interval(first.delta_vs_best_single, POINTS)} against {named}"
        if len(beaters) > 1:
            text += f"; {len(beaters)} of {plural(len(ranked), 'router')} beat it"
        return text + "."
    measured = [(gain, row) for row in ranked if (gain := _known(row.delta_vs_best_single)) is not None]
    if not measured:
        return ""
    closest = max(measured, key=lambda pair: pair[0])[1]
    text = f"{closest.name} comes closest, at {interval(closest.delta_vs_best_single, POINTS)} against {named}"
    visible = (result.minimum_detectable_difference or {}).get("accuracy")
    return f"{text}; this run can see about {number(visible, SIZE)}." if visible else f"{text}."


def _control(ranked: list[Scorecard], beaters: list[Scorecard]) -> str:
    """Whether the gain is more than recognising the task: the control knows tasks, but no query of them."""
    if not beaters or not any(row.beats_shuffled for row in ranked):
        return ""
    better = [row.name for row in ranked if _proven(row.beats_shuffled)]
    if not better:
        return (
            "None does better than a kNN fitted on outcomes shuffled within tasks: the gain is in telling tasks apart."
        )
    return f"Beyond telling tasks apart (better than the shuffled control): {listed(better)}."


def _hull(result: Result, ranked: list[Scorecard], above: list[Scorecard]) -> str:
    if above:
        verb = "lies" if len(above) == 1 else "lie"
        names = listed([row.name for row in above])
        return f"{names} {verb} above the hull: no mix of single arms buys as much for the same cost."
    if any(_known(row.delta_vs_hull) is not None for row in ranked):
        return "None is shown to lie above the hull: a mix of single arms may buy as much for the same cost."
    return "Costs are not known, so nothing is said about the hull." if result.table.costs == "unknown" else ""


def _saving(ranked: list[Scorecard]) -> str:
    savers = [
        (saved, row)
        for row in ranked
        if (metric := row.cost_saving_at_equal_quality)
        and (saved := metric.known) is not None
        and (metric.low or 0) > 0
    ]
    if not savers:
        return ""
    best = max(savers, key=lambda pair: pair[0])[1]
    saving = interval(best.cost_saving_at_equal_quality, WHOLE_PERCENT)
    text = f"At the quality of the best single arm, {best.name} saves {saving} of its cost"
    reached = _known(best.reach_probability)
    return f"{text}." if reached is None else f"{text} (reached with probability {reached:.2f})."


def _ties(ranked: list[Scorecard]) -> str:
    first = [row.name for row in ranked if row.rank and row.rank.low == 1]
    if len(first) < 2:
        return ""
    return f"{plural(len(first), 'router')} share the first rank: {listed(first)} cannot be told apart."


def _known(metric: Metric | None) -> float | None:
    return metric.known if metric else None


def facts_line(result: Result) -> str:
    """The run in one line: queries, arms, protocol, folds, repeats, confidence."""
    folds = f", {plural(result.folds, 'fold')}" if result.folds else ""
    repeats = f" × {result.repeats}" if result.repeats and result.repeats > 1 else ""
    parts = [
        plural(result.table.queries, "query"),
        plural(result.table.arms, "arm"),
        f"{result.protocol}{folds}{repeats}",
    ]
    return " · ".join([*parts, f"{number(result.confidence, WHOLE_PERCENT)} intervals"])
