"""Runs an experiment over seeds and writes its page: figures with intervals, verdicts, the control, the commands.

Conditions of one seed meet the same requests, so that ratios and differences are taken seed by seed. Intervals are 95 %
Student intervals over seeds; ratios are averaged on the logarithmic scale. The figures of every run lie in a JSON file
beside the page, from which it can be rendered again. Nothing here knows a system.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import t as student

from routelab import __version__
from routelab.core.decisions import Floats, Ints
from routelab.core.files import write_text

Figures = Mapping[str, float]


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds and its 95 % interval; without width where there is one seed."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Floats) -> Estimate:
        mean, n = float(np.mean(values)), len(values)
        half = float(student.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n)) if n > 1 else 0.0
        return cls(mean, mean - half, mean + half)

    def map(self, function: Callable[[float], float]) -> Estimate:
        """The same on another, rising, scale."""
        return Estimate(function(self.mean), function(self.low), function(self.high))

    def short(self) -> str:
        return f"{_short(self.mean)} ± {_short(self.high - self.mean)}"

    def text(self, unit: str = "") -> str:
        return f"{_short(self.mean)}{unit} ({_short(self.low)} to {_short(self.high)})"


class Book:
    """The measurements of a page. Where ``render`` they are read, else they are made, and written as they come."""

    def __init__(self, path: Path, *, render: bool) -> None:
        self.path, self.render = path, render
        self.pages = json.loads(path.read_text(encoding="utf-8")) if render else {}

    def measure(self, name: str, conditions: Mapping[str, Callable[[int], Figures]], seeds: int) -> Measured:
        """Every condition with seeds 0, 1, …"""
        if not self.render:
            started = time.perf_counter()
            rows = {each: [run(seed) for seed in range(seeds)] for each, run in conditions.items()}
            values = {
                each: {figure: [row[figure] for row in found] for figure in found[0]} for each, found in rows.items()
            }
            self.pages[name] = {"wall_s": time.perf_counter() - started, "seeds": seeds, "values": values}
            write_text(self.path, json.dumps(self.pages, indent=1) + "\n")
        return Measured(self.pages[name]["values"])

    @property
    def wall_s(self) -> float:
        return float(sum(page["wall_s"] for page in self.pages.values()))


class Measured:
    """Figures by condition and seed."""

    def __init__(self, values: Mapping[str, Mapping[str, Sequence[float]]]) -> None:
        self.values = {name: {figure: np.array(each) for figure, each in row.items()} for name, row in values.items()}

    def mean(self, condition: str, figure: str) -> Estimate:
        return Estimate.of(self.values[condition][figure])

    def ratio(self, figure: str, above: str, below: str) -> Estimate:
        """How many times as large a figure is under one condition as under another, seed by seed."""
        first, second = self.values[above][figure], self.values[below][figure]
        if (first <= 0).any() or (second <= 0).any():  # no logarithm: the ratio of the sums, without an interval
            share = float(first.sum() / max(second.sum(), 1e-12))
            return Estimate(share, share, share)
        return Estimate.of(np.log(first / second)).map(lambda value: float(np.exp(value)))

    def percent(self, figure: str, above: str, below: str) -> Estimate:
        """By how many per cent a figure is larger under one condition than under another."""
        return self.ratio(figure, above, below).map(lambda value: 100 * (value - 1))

    def share(self, figure: str, above: str, below: str) -> Estimate:
        """The ratio of sums over seeds, for figures that may be 0."""
        first, second = self.values[above][figure], self.values[below][figure]
        return jackknife(len(first), lambda kept: float(first[kept].sum() / max(second[kept].sum(), 1e-9)))

    def gain_lost(self, figure: str, baseline: str, system: str, control: str) -> Estimate:
        """Per cent of the improvement over the baseline that the control does not have, on the logarithmic scale.

        Of the means over seeds: single seeds may have no improvement.
        """
        logs = [np.log(np.maximum(self.values[name][figure], 1e-6)) for name in (baseline, system, control)]

        def lost(kept: Ints) -> float:
            base, ours, other = (float(each[kept].mean()) for each in logs)
            return 100 * (other - ours) / (base - ours) if base != ours else 0.0

        return jackknife(len(logs[0]), lost)

    def table(self, figures: Mapping[str, str]) -> str:
        """A row for each condition, a column for each figure (name: heading)."""
        head = ["condition", *figures.values()]
        rows = [[name, *(self.mean(name, figure).short() for figure in figures)] for name in self.values]
        return table(head, rows)


def jackknife(n: int, figure: Callable[[Ints], float]) -> Estimate:
    """A figure of n seeds together, with the interval that leaving out one at a time gives."""
    seeds = np.arange(n)
    whole = figure(seeds)
    if n == 1:
        return Estimate(whole, whole, whole)
    spread = Estimate.of(n * whole - (n - 1) * np.array([figure(seeds[seeds != each]) for each in seeds]))
    half = spread.high - spread.mean
    return Estimate(whole, whole - half, whole + half)


@dataclass(frozen=True)
class Check:
    """A row of acceptance: what is asked, what was measured, and between which bounds it is met."""

    asked: str
    measured: Estimate
    low: float = -np.inf
    high: float = np.inf
    paper: str = ""
    unit: str = ""

    @property
    def met(self) -> bool:
        return self.low <= self.measured.mean <= self.high

    @property
    def row(self) -> list[str]:
        inside = self.low <= self.measured.low and self.measured.high <= self.high
        outside = self.measured.high < self.low or self.measured.low > self.high
        sure = inside if self.met else outside
        verdict = ("met" if self.met else "**not met**") + ("" if sure else ", the interval crosses the bound")
        return [self.asked, self.measured.text(self.unit), self.paper, verdict]


def checks(rows: Sequence[Check]) -> str:
    """The verdicts."""
    return table(["asked", "measured", "the paper", "verdict"], [row.row for row in rows])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write(path: Path, sections: Mapping[str, str], command: str, book: Book) -> None:
    """The page; the first section's name is its title."""
    (title, lead), *rest = sections.items()
    parts = [f"# {title}", lead, *(f"## {name}\n\n{text}" for name, text in rest)]
    made = (
        f"`{command}` measured this in {book.wall_s:.0f} s of one core (`--render` writes the page from the figures in"
    )
    made += f" `{book.path.name}` again): routelab {__version__}, Python {platform.python_version()}."
    parts.append(f"## Command\n\n{made} Intervals, and ±, are 95 % over seeds 0, 1, …")
    write_text(path, "\n\n".join(parts) + "\n")


def _short(value: float) -> str:
    if value == 0 or abs(value) >= 1e5 or not np.isfinite(value):
        return f"{value:.0f}"
    digits = max(0, 2 - int(np.floor(np.log10(abs(value)))))
    return f"{value:.{min(digits, 4)}f}"
