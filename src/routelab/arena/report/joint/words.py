"""What a joint run found, in a title and a few sentences; text only, and no claim beyond an interval.

Intervals are over seeds, of paired differences, and not corrected for the number of routers: the text says so.
"""

from __future__ import annotations

from routelab.arena.report.format import PERCENT, POINTS, Unit, interval, listed, number, plain, plural
from routelab.arena.report.headline import Headline
from routelab.arena.report.joint.schema import JointResult, Line, Row
from routelab.arena.report.schema import Metric

SECONDS = Unit(1, None, suffix=" s")
JOULES = Unit(1, None, suffix=" J")
RATE = Unit(1, None, suffix=" req/s")
CONFIDENCE = 0.95
VIEWS = {"fresh": "fresh view", "aged": "aged view", "none": "no view", None: "never looks"}
NO_BREAK = "\N{NO-BREAK SPACE}"
LIMITS = {"ttft_s": "first token", "tpot_s": "token after token", "e2e_s": "whole answer"}


def headline(run: JointResult) -> Headline:
    """The title and the sentences, as the report of any run has them."""
    return Headline(title(run), tuple(sentences(run)))


def title(run: JointResult) -> str:
    """Who answers most right in time, and what one arm for all reaches."""
    if not run.ranked:
        return "Only yardsticks were run."
    best, single = run.ranked[0], _named(run, "best-single")
    text = f"{best.name}: {plain(best.good_in_time, PERCENT)} right and in time"
    text += f", against {plain(single.good_in_time, PERCENT)} for the best single arm." if single else "."
    return text.replace(" %", NO_BREAK + "%")


def sentences(run: JointResult) -> list[str]:
    """The difference with its interval, where the load becomes too much, and what seeing the pool changed."""
    return [text for text in (_difference(run), _knee(run), _state(run)) if text]


def facts(run: JointResult) -> str:
    """What was run, in one line."""
    fleet, work = run.fleet, run.workload
    parts = (
        f"{plural(run.table.queries, 'query')}, {plural(len(run.table.arms), 'arm')}",
        f"{plural(fleet.servers, 'server')}, ${fleet.usd_per_hour:.2f}/h",
        f"{plural(work.requests, 'request')} at {number(work.rate_req_s, RATE)}",
        f"in time means {limits(run)}",
        plural(run.protocol.seeds, "seed"),
    )
    return " · ".join(parts)


def limits(run: JointResult) -> str:
    """The limits that make an answer late, or that there are none."""
    named = [f"{LIMITS[key]} ≤ {limit:g} s" for key, limit in run.fleet.slo.items()]
    return listed(named) if named else "any answer, since the fleet names no limit"


def knee_text(run: JointResult, line: Line) -> str:
    """The knee of a router in the page's words."""
    if line.knee is None:
        return "below the sweep"
    text = f"×{line.knee:g}, {number(line.knee * run.workload.rate_req_s, RATE)}"
    return f"at least {text}" if line.knee == line.points[-1].load else text


def sure(metric: Metric | None) -> bool:
    """Whether an interval of a difference leaves out zero."""
    return metric is not None and metric.low is not None and metric.high is not None and metric.low * metric.high > 0


def _difference(run: JointResult) -> str:
    if not run.ranked:
        return ""
    row = run.ranked[0]
    delta = row.delta_vs_best_single.good_in_time
    if delta is None or delta.known is None:
        return ""
    if delta.low is None:
        return f"{row.name} lies {number(delta.known, POINTS)} from the best single arm; one seed gives no interval."
    verdict = "" if sure(delta) else ", which leaves the order open"
    return (
        f"{row.name} against the best single arm, paired over seeds: {interval(delta, POINTS)}{verdict}. "
        "It was named after the fact, and intervals are not corrected for the number of routers."
    )


def _knee(run: JointResult) -> str:
    names = {row.name for row in run.ranked[:1]} | {"best-single"}
    found = [f"{line.name} {knee_text(run, line)}" for line in run.sweep if line.name in names]
    share = f"{run.protocol.knee_attainment:.0%}"
    return f"Highest load of the sweep with {share} in time: {'; '.join(found)}." if found else ""


def _state(run: JointResult) -> str:
    last = max((point.load for line in run.state for point in line.points), default=None)
    if last is None:
        return "No router of this run looks at the pool."
    moved = [text for text in (_moved(run, load) for load in dict.fromkeys((1.0, last))) if text]
    if not moved:
        return "A fresh view of the pool changed no router's answers right in time by more than its interval."
    return f"A fresh view of the pool against none, where the interval leaves out zero: {'; '.join(moved)}."


def _moved(run: JointResult, load: float) -> str:
    found = []
    for line in run.state:
        point = line.at(load)
        if line.view == "fresh" and point and sure(point.good_in_time):
            found.append(f"{line.router} {plain(point.good_in_time, POINTS)}")
    return f"at ×{load:g} {listed(found)}" if found else ""


def _named(run: JointResult, name: str) -> Row | None:
    return next((row for row in run.routers if row.name == name), None)
