"""The Pareto picture as a PNG, through the optional matplotlib: same bytes for the same result.

Drawn off screen, without touching matplotlib's global state; computes no metric.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from routelab.arena.report.headline import facts_line, headline
from routelab.arena.report.labels import FAR, NEAR, Box, Names
from routelab.arena.report.payload import ORACLES, hull_line
from routelab.arena.report.schema import ArmScore, Result, Scorecard, as_result
from routelab.core.errors import InputError, need_extra
from routelab.core.files import atomic_path

INK, SOFT, RULE, FAINT = "#1c1e22", "#5d6169", "#e6e3dc", "#a9abb0"
BLUE, ORANGE, GOLD, PAPER = "#1f6fb2", "#c2540a", "#b08900", "#fcfbf8"
STYLE = {
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": SOFT,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "text.parse_math": False,
}
MARKS = {
    "baseline": {"marker": "o", "color": PAPER, "markeredgecolor": FAINT, "markersize": 7.5},
    "arm": {"marker": "D", "color": INK, "markersize": 5},
    "oracle": {"marker": "^", "color": GOLD, "markersize": 8},
    "router": {"marker": "o", "color": BLUE, "markeredgecolor": PAPER, "markersize": 9},
    "first": {"marker": "o", "color": ORANGE, "markeredgecolor": PAPER, "markersize": 11},
}


def write_png(result: Mapping[str, Any] | Result, path: Path, *, dpi: int = 160) -> None:
    """Write accuracy against cost; raises PrerequisiteError without matplotlib, InputError without costs."""
    run = as_result(result)
    placed = _placed(run)
    if not placed:
        raise InputError(
            "plot",
            expected="costs, for the horizontal axis",
            got="a result without any",
            fix="use --markdown or the page",
        )
    with drawing(path, (10, 6.2), dpi) as figure:
        _draw(figure, run, placed)


@contextmanager
def drawing(path: Path, size: tuple[float, float], dpi: int = 160) -> Iterator[Any]:
    """A figure in the house's style that becomes the PNG at ``path``; needs the extra ``plot``."""
    try:
        from matplotlib import rc_context
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise need_extra("matplotlib", "plot", "writing a PNG") from None
    with rc_context(STYLE):
        figure = Figure(figsize=size, layout=None)
        FigureCanvasAgg(figure)
        yield figure
        with atomic_path(path) as temporary:
            figure.savefig(temporary, format="png", dpi=dpi, metadata={"Software": None})


Placed = tuple[str, str, float, float, tuple[float, float], tuple[float, float]]


def _placed(run: Result) -> list[Placed]:
    """Kind, name, cost, accuracy and the two arms of each interval, for all that has both numbers."""
    first = run.ranked[0].name if run.ranked else None
    rows: list[tuple[str, str, ArmScore | Scorecard]] = [("arm", arm.id, arm) for arm in run.arms]
    for row in run.routers:
        if row.name != "hull":
            baseline = "oracle" if row.name in ORACLES else "baseline"
            kind = baseline if row.baseline else "first" if row.name == first else "router"
            rows.append((kind, row.name, row))
    found = []
    for kind, name, scored in rows:
        cost, accuracy = scored.cost_per_1k_usd, scored.accuracy
        x, y = cost.known if cost else None, accuracy.known if accuracy else None
        if x is not None and y is not None and cost and accuracy:
            found.append((kind, name, x, y, _arms(x, cost.low, cost.high), _arms(y, accuracy.low, accuracy.high)))
    return found


def _arms(value: float, low: float | None, high: float | None) -> tuple[float, float]:
    return (
        max(0.0, value - low) if low is not None else 0.0,
        max(0.0, high - value) if high is not None else 0.0,
    )


def _draw(figure: Any, run: Result, placed: list[Placed]) -> None:
    from matplotlib.ticker import LogLocator, NullLocator

    axes = figure.add_axes((0.075, 0.11, 0.885, 0.715))
    hull = hull_line(run)
    if hull:
        axes.plot(*zip(*hull), linestyle=(0, (5, 4)), color=FAINT, linewidth=1.4, zorder=1)
    for kind, _, x, y, across, up in placed:
        colour = ORANGE if kind == "first" else FAINT
        bars = {"xerr": [[across[0]], [across[1]]], "yerr": [[up[0]], [up[1]]]}
        axes.errorbar(x, y, **bars, fmt="none", ecolor=colour, elinewidth=1, alpha=0.7, zorder=2)
        axes.plot(x, y, linestyle="none", zorder=3 + list(MARKS).index(kind), **MARKS[kind])
    if min(x for _, _, x, *_ in placed) > 0:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=20))
        axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"${value:g}")
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axes.grid(axis="y", color=RULE, linewidth=0.8)
    axes.tick_params(length=0, which="both")
    axes.set_axisbelow(True)
    axes.set_xlabel("US dollars per 1,000 queries" + (" (logarithmic)" if axes.get_xscale() == "log" else ""))
    _label(figure, axes, placed)
    _words(figure, run)


def _label(figure: Any, axes: Any, placed: list[Placed]) -> None:
    """Write the names, the important ones first; one that finds no place is left out."""
    from matplotlib.patheffects import withStroke
    from matplotlib.text import Text

    renderer = figure.canvas.get_renderer()
    marks = {one: tuple(axes.transData.transform((one[2], one[3]))) for one in placed}
    names = Names(list(marks.values()), Box(axes.bbox.x0, axes.bbox.y0, figure.bbox.x1, axes.bbox.y1))
    order = list(MARKS)
    for one in sorted(placed, key=lambda one: -order.index(one[0])):
        kind, name, x, y, *_ = one
        for offset, side in NEAR + (FAR if kind in ("first", "router", "arm") else FAR[:8]):
            far = (offset, side) in FAR
            text = axes.annotate(
                name,
                (x, y),
                xytext=offset,
                textcoords="offset points",
                ha=side,
                va="center",
                fontsize=10.5 if kind == "first" else 8.5,
                fontweight="bold" if kind == "first" else "normal",
                color=ORANGE if kind == "first" else INK if kind in ("router", "arm") else SOFT,
                zorder=9,
                path_effects=[withStroke(linewidth=2.5, foreground=PAPER)],
                arrowprops={"arrowstyle": "-", "color": FAINT, "linewidth": 0.6, "shrinkB": 5} if far else None,
            )
            text.update_positions(renderer)
            extent = Text.get_window_extent(text, renderer).padded(2)
            if names.claim(marks[one], Box(*extent.extents), far):
                break
            text.remove()


def _words(figure: Any, run: Result) -> None:
    figure.text(0.035, 0.945, headline(run).title, fontsize=15, fontweight="bold", va="center")
    figure.text(0.035, 0.897, f"{run.table.name}: {facts_line(run)}", fontsize=9.5, color=SOFT, va="center")
    legend = (
        ("●", ORANGE, f"{run.ranked[0].name} (first)" if run.ranked else "first router"),
        ("●", BLUE, "router"),
        ("◆", INK, "single arm"),
        ("○", FAINT, "yardstick"),
        ("▲", GOLD, "oracle (hindsight)"),
        ("╌", FAINT, "hull: single arms mixed at random"),
    )
    left, renderer = 0.035, figure.canvas.get_renderer()
    for mark, colour, meaning in legend:
        figure.text(left, 0.857, mark, fontsize=9, color=colour, va="center", fontfamily="DejaVu Sans")
        words = figure.text(left + 0.016, 0.857, meaning, fontsize=9, color=SOFT, va="center")
        left = words.get_window_extent(renderer).x1 / figure.bbox.width + 0.022
