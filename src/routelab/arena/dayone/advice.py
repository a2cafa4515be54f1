"""One honest sentence: what can be saved at a quality that is held, or that there is nothing to gain, and why."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from routelab.arena.statistics import Metric

Advice = Literal["route", "switch", "keep"]
NOTHING = "nothing to gain here"


class Verdict(msgspec.Struct, frozen=True):
    """``route``: deploy the calibrated router; ``switch``: one other arm does; ``keep``: change nothing."""

    advice: Advice
    sentence: str

    @property
    def gain(self) -> bool:
        return self.advice != "keep"


UNPRICED = Verdict("keep", f"{NOTHING} that can be told: what a call costs is unknown (give --prices and run it again)")


def judge_trial(routed: dict[str, Any], switched: dict[str, Any], *, margin: float, slack: float) -> Verdict:
    """Weigh two calibrations to ``current − margin``: of routers, and of single arms.

    A gain is a saving whose interval excludes zero, at a quality that is held: the estimate keeps the margin and
    the interval excludes a loss beyond ``margin + slack``. Routing must besides beat random mixing at its own
    cost, or else a coin would do, and save more than the single arm.
    """
    doubts = {
        "route": _doubt(routed["held_out"], margin, slack) or _no_better_than_a_coin(routed["held_out"]),
        "switch": _doubt(switched["held_out"], margin, slack),
    }
    savings = {"route": routed["held_out"]["saving"], "switch": switched["held_out"]["saving"]}
    sure = [advice for advice, doubt in doubts.items() if doubt is None]
    if not sure:
        return Verdict("keep", f"{NOTHING}: {doubts['route']}")
    if max(sure, key=lambda advice: savings[advice]["value"]) == "route":
        return Verdict("route", f"{_claim(routed['held_out'])} by routing with {routed['router']}")
    return Verdict("switch", f"{_claim(switched['held_out'])} by sending everything to one other arm")


def _doubt(held: dict[str, Any], margin: float, slack: float) -> str | None:
    """Why there is no gain, None where there is one."""
    saving, delta = held["saving"], held["delta"]
    if saving["low"] is None or saving["low"] <= 0:
        return f"the saving is {percent(saving)}"
    if delta["value"] < -margin:
        return f"saving {percent(saving)} would come at {points(delta)}"
    if delta["low"] is None or delta["low"] < -(margin + slack):
        return f"too few queries to tell: saving {percent(saving)} would come at {points(delta)}"
    return None


def _no_better_than_a_coin(held: dict[str, Any]) -> str | None:
    edge = held["delta_vs_mixing"]
    if edge["low"] is None or edge["low"] <= 0:
        return f"at its cost the router differs from random mixing of arms by {points(edge)}"
    return None


def _claim(held: dict[str, Any]) -> str:
    return f"save {percent(held['saving'])} at {points(held['delta'])}"


def percent(metric: Metric) -> str:
    """A share with its interval.

    >>> percent({"value": 0.341, "low": 0.28, "high": 0.392})
    '34 % [28, 39]'
    """
    return _written(metric, lambda value: f"{100 * value:.0f}".replace("-", "−"), " %")


def points(metric: Metric) -> str:
    """A difference of scores in points, signed.

    >>> points({"value": -0.002, "low": -0.006, "high": 0.002})
    '−0.2 points [−0.6, +0.2]'
    """
    return _written(metric, lambda value: f"{100 * value:+.1f}".replace("-", "−"), " points")


def _written(metric: Metric, digits: Any, unit: str) -> str:
    if metric["value"] is None:
        return f"unknown ({metric['why']})"
    if metric["low"] is None:
        return f"{digits(metric['value'])}{unit} (interval {metric['why']})"
    return f"{digits(metric['value'])}{unit} [{digits(metric['low'])}, {digits(metric['high'])}]"
