"""Puts boards that ``examples/competitors`` filled into docs/field.md: ``python docs/field.py BOARD...``.

What is measured stands between ``<!-- measured: boards -->`` and ``<!-- end -->``; the rest is written by hand. Whose
an entry is, its owner and kind say. It tells what the boards published, and corrects their pairs for their number.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from statistics import NormalDist
from typing import Any

from routelab.arena.leaderboard.board import Board
from routelab.arena.problem import prepare
from routelab.arena.report.format import DOLLARS, POINTS, SCORE, Unit, bare, interval, listed, plural
from routelab.arena.report.schema import Metric
from routelab.arena.rows import part_of
from routelab.core.files import read_text, write_text

PAGE = Path(__file__).with_name("field.md")
BLOCK = re.compile(r"(?<=<!-- measured: boards -->\n).*?(?=<!-- end -->)", re.DOTALL)
BEST, CHAMPIONS = 5, ("champion", "champion-guarded")
LEVEL, HALF_WIDTH = 0.05, NormalDist().inv_cdf(0.975)
Row = dict[str, Any]


def main(folders: list[Path], page: Path = PAGE) -> None:
    """Render the measured part of the page."""
    measured = "\n".join(section(folder) for folder in folders)
    write_text(page, BLOCK.sub(lambda _: measured, read_text(page, what="a page")))


def section(folder: Path) -> str:
    """One board: its table, who stands where, and what can be told apart."""
    field, judged = Field(json.loads(read_text(folder / "board.json", what="a board"))), Board(folder).open
    table, metric = field.board["table"], field.board["rank_metric"]
    learned = prepare(part_of(judged.table, "tuning").select(arms=judged.problem.arms))
    lines = [
        f"## {table['name']}\n",
        f"{table['queries']:,} judged prompts, {len(learned):,} to learn from; {plural(table['arms'], 'arm')}, costs "
        f"{table['costs']}; {len(field.entries)} entries on {field.board['board']['published'][:10]}.\n",
        f"| rank | router | whose | {metric.replace('_', ' ')} | Δ best single arm | $ per 1k |",
        "|--:|:--|:--|--:|--:|--:|",
    ]
    for row in sorted([field.single, *field.ours, *field.competitors], key=field.entries.index):
        figures = _metric(row[metric], SCORE), field.gain(row), _metric(row["cost_per_1k_usd"], DOLLARS)
        cells = f"{row['rank']['low']}–{row['rank']['high']}", row["name"], _whose(row), *figures
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, f"\n{field.findings()}\n"])


class Field:
    """A published board: its listed entries, best first, the best of our catalogue and the champions among them."""

    def __init__(self, board: dict[str, Any]) -> None:
        self.board = board
        self.entries: list[Row] = [row for row in board["routers"] if row["listed"]]
        self.competitors = [row for row in self.entries if row["owner"] != "routelab"]
        ours = [row for row in self.entries if row["owner"] == "routelab"]
        self.single = next(row for row in ours if row["kind"] == "decisions")
        fitted = [row for row in ours if row["kind"] == "artifact"]
        self.ours = [row for place, row in enumerate(fitted) if place < BEST or row["name"] in CHAMPIONS]

    def difference(self, one: Row, other: Row) -> tuple[float, float]:
        """How far one lies above the other, paired, and half the width of the interval."""
        names, delta, half = (self.board["pairs"][key] for key in ("names", "delta", "half"))
        at, by = names.index(one["name"]), names.index(other["name"])
        return delta[at][by], half[at][by]

    def above(self, better: Row, worse: Row) -> bool:
        """Whether it is significantly better: Bonferroni over all pairs of the board, in both directions."""
        delta, half = self.difference(better, worse)
        ordered = len(self.entries) * (len(self.entries) - 1)
        return half > 0 and delta * HALF_WIDTH > half * NormalDist().inv_cdf(1 - LEVEL / ordered)

    def gain(self, row: Row) -> str:
        """What is gained over the best single arm, bold where it is significant."""
        delta, half = self.difference(row, self.single)
        mark = "**" * (self.above(row, self.single) or self.above(self.single, row))
        return f"{mark}{bare(delta, POINTS)} ±{bare(half, SCORE)}{mark}"

    def findings(self) -> str:
        """What the pairs tell: against the best single arm, and ours shown against each competitor."""
        below = [row for row in self.competitors if self.above(self.single, row)]
        above = [row for row in [*self.ours, *self.competitors] if self.above(row, self.single)]
        beaten = [row for row in self.ours if any(self.above(rival, row) for rival in self.competitors)]
        apart: dict[str, list[Row]] = {}
        for rival in self.competitors:
            better = [row for row in self.ours if self.above(row, rival)]
            apart.setdefault("all of ours here" if better == self.ours else _names(better), []).append(rival)
        lines = [
            f"Significantly below the best single arm: {len(below)} of {plural(len(self.competitors), 'competitor')} "
            f"({_names(below)}); above it: {_names(above)}.",
            *(f"Significantly above {_names(rivals)}: {who}." for who, rivals in apart.items()),
            f"Of ours here, significantly below a competitor: {_names(beaten)}.",
            *(f"Not listed is `{row['name']}`: {row['why']}." for row in self.board["routers"] if row["why"]),
        ]
        return "\n".join(f"- {line}" for line in lines)


def _names(rows: list[Row]) -> str:
    return listed([f"`{row['name']}`" for row in rows], limit=len(rows)) or "none"


def _whose(row: Row) -> str:
    if row["owner"] != "routelab":
        return str(row["description"]).partition(":")[0]  # its package and version
    return "ours" if row["kind"] == "artifact" else "single arm"


def _metric(value: dict[str, Any], unit: Unit) -> str:
    return interval(Metric(**{key: value.get(key) for key in ("value", "low", "high")}), unit)


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
