"""What a suite is made of, as tables for a terminal and as a picture. Computes nothing but shares of a width."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.table import Table

from routelab.arena.difficulty import Trend
from routelab.arena.report.plot import BLUE, ORANGE, SOFT, drawing

LEVEL_COLOURS = {"easy": "#9cc4e4", "medium": BLUE, "hard": ORANGE}
BAR = 24


def composition_tables(made: dict[str, Any]) -> Iterator[Table]:
    """Category × level, then every other label with a bar."""
    cells = Table(title="categories × levels", title_justify="left")
    levels = [key for key in (made["cells"][0] if made["cells"] else {}) if key not in ("domain", "category")]
    for heading in ("domain", "category", *levels):
        cells.add_column(heading, justify="right" if heading in levels else "left")
    last = None
    for row in made["cells"]:
        domain = row["domain"] if row["domain"] != last else ""
        last = row["domain"]
        cells.add_row(domain, row["category"], *(f"{row.get(level, 0):,}" for level in levels))
    yield cells
    for title in ("domains", "levels", "forms", "metrics", "languages", "bloom", "asks"):
        yield _bars(title, made[title])


def composition_plot(name: str, made: dict[str, Any], path: Path) -> None:
    """Items by domain and level, and by form, as a PNG; raises PrerequisiteError without matplotlib."""
    domains = list(made["domains"])
    with drawing(path, (10, 5.4)) as figure:
        left, right = figure.subplots(1, 2, width_ratios=(2, 1))
        start = [0] * len(domains)
        for level, colour in LEVEL_COLOURS.items():
            counts = [sum(row.get(level, 0) for row in made["cells"] if row["domain"] == domain) for domain in domains]
            left.barh(domains, counts, left=start, color=colour, label=level, height=0.7)
            start = [a + b for a, b in zip(start, counts)]
        left.invert_yaxis()
        left.legend(frameon=False, ncols=3, loc="lower right", bbox_to_anchor=(1, 1))
        forms = dict(sorted(made["forms"].items(), key=lambda item: item[1]))
        right.barh(list(forms), list(forms.values()), color=SOFT, height=0.6)
        for axes in (left, right):
            axes.tick_params(length=0)
            axes.spines["left"].set_visible(False)
        left.set_xlabel("items by domain and level")
        right.set_xlabel("items by form")
        figure.suptitle(f"{name}: {made['items']:,} items", x=0.02, ha="left", fontweight="bold")
        figure.tight_layout()


def trend_table(found: Trend) -> Table:
    """One row a domain × form with the drop from easy to hard; groups that fail come first."""
    table = Table(title=f"levels, tested on {', '.join(found.arms)}", title_justify="left")
    for heading in ("domain", "form", "items", "easy", "medium", "hard", "drop", "p (Holm)", "verdict"):
        table.add_column(heading, justify="left" if heading in ("domain", "form", "verdict") else "right")
    order = {"fails": 0, "too few outcomes": 2}
    for group in sorted(found.groups, key=lambda group: order.get(group.verdict, 1)):
        means = ("–" if mean is None else f"{mean:.2f}" for mean in (group.easy, group.medium, group.hard))
        drop = f"{group.drop['value']:.2f} [{group.drop['low']:.2f}, {group.drop['high']:.2f}]"
        table.add_row(group.domain, group.form, str(group.items), *means, drop, f"{group.p_holm:.3f}", group.verdict)
    return table


def _bars(title: str, counts: dict[str, int]) -> Table:
    table = Table(title=title, title_justify="left", box=None, show_header=False, padding=(0, 1))
    most = max(counts.values(), default=1)
    for name, count in counts.items():
        table.add_row(name, f"{count:,}", "█" * max(1, round(BAR * count / most)))
    return table
