"""Puts a comparison into docs/which-router.md and the catalogue's standing: ``python docs/which_router.py COMPARE...``.

Every COMPARE is a ``compare.json``; where several hold one protocol, the last counts. What is measured stands between
``<!-- measured: NAME -->`` and ``<!-- end -->``; the rest of the page is written by hand.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from routelab.arena.report.comparison import by_table_markdown, comparison_markdown, tables_markdown
from routelab.arena.report.format import POINTS, SCORE, WHOLE_PERCENT, interval, number
from routelab.arena.report.schema import Metric
from routelab.core.files import write_text

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "which-router.md"
STANDING = ROOT / "src" / "routelab" / "data" / "standing.json"
BLOCK = re.compile(r"(<!-- measured: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
WINNER = "champion"
SEEN = "cross-fit"


def main(paths: list[Path]) -> None:
    """Render the page and write what ``routelab routers`` tells of each entry."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    protocols = {name: side for one in found for name, side in one["protocols"].items()}
    seen = protocols[SEEN]
    blocks = {
        "design": _design(found, protocols),
        "tables": tables_markdown(seen),
        **{
            name: comparison_markdown({"protocols": {name: side}}).partition("\n\n")[2]
            for name, side in protocols.items()
        },
        "by-table": by_table_markdown(seen, "delta_vs_best_single", POINTS),
        "hull-by-table": by_table_markdown(seen, "delta_vs_hull", POINTS),
        "equal-cost-by-table": by_table_markdown(seen, "quality_at_equal_cost", POINTS),
        "area-by-table": by_table_markdown(seen, "aiq", SCORE),
        "savings": _savings(seen),
        "below": _below(protocols),
    }
    page = PAGE.read_text(encoding="utf-8")
    write_text(PAGE, BLOCK.sub(lambda block: f"{block[1]}{blocks.get(block['name'], '')}\n{block[3]}", page))
    write_text(STANDING, json.dumps(_standing(seen), indent=1) + "\n")


def _overall(protocol: str, side: dict[str, Any]) -> str:
    return comparison_markdown({"protocols": {protocol: side}}).partition("\n\n")[2]


def _design(found: list[dict[str, Any]], protocols: dict[str, Any]) -> str:
    lines = []
    for one in found:
        design = one["design"]
        for name in one["protocols"]:
            tables = protocols[name]["tables"]
            lines.append(
                f"- {name}: {len(tables)} tables, part `{design['part']}`, at most {design['most_queries']:,} queries "
                f"of each, {design['folds']} folds, repeats: {design['repeats']}, {design['draws']:,} draws, "
                f"seed {design['seed']}"
            )
    return "\n".join(lines)


def _savings(side: dict[str, Any]) -> str:
    """The winner's savings at each margin, table by table."""
    rows = ["| table | margin | saved | Δ best single | reached with probability |", "|:--|--:|--:|--:|--:|"]
    for table, row in _router(side)["by_table"].items():
        for saving in row["savings"]:
            cells = [_metric(saving["cost_saving_at_equal_quality"], WHOLE_PERCENT),
                     _metric(saving["delta_at_equal_quality"], POINTS),
                     number(saving["reach_probability"]["value"], WHOLE_PERCENT)]  # fmt: skip
            rows.append(f"| {table} | {100 * saving['margin']:g} pt | {' | '.join(cells)} |")
    return "\n".join(rows)


def _below(protocols: dict[str, Any]) -> str:
    """Whether another curve lies above the winner's, table by table."""
    rows = ["| protocol | table | significantly above it | nearest to that | gap there | adjusted p |",
            "|:--|:--|:--|:--|--:|--:|"]  # fmt: skip
    for protocol, side in protocols.items():
        for table, row in _router(side)["by_table"].items():
            below = row["below_others"]
            gap = _metric(below["clearest"]["gap"], POINTS)
            above = ", ".join(f"`{name}`" for name in below["routers"]) or "none"
            rows.append(f"| {protocol} | {table} | {above} | `{below['clearest']['router']}` | {gap} "
                        f"| {below['p_adjusted']:.2f} |")  # fmt: skip
    return "\n".join(rows)


def _standing(side: dict[str, Any]) -> dict[str, Any]:
    kept = ("delta_vs_best_single", "delta_vs_hull", "quality_at_equal_cost")
    return {
        "tables": [table["name"] for table in side["tables"]],
        "routers": {
            router["name"]: {
                "recipe_hash": router["recipe_hash"],
                **{key: router["overall"][key] for key in kept},
                "claims": router["claims"],
            }
            for router in side["routers"]
            if router["recipe_hash"]
        },
    }


def _router(side: dict[str, Any]) -> dict[str, Any]:
    return next(router for router in side["routers"] if router["name"] == WINNER)


def _metric(value: dict[str, Any], unit: Any) -> str:
    return interval(Metric(**{key: value.get(key) for key in ("value", "low", "high")}), unit)


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
