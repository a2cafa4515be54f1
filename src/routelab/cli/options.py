"""Options that several commands share, so that they are spelt and explained once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from routelab.core.errors import InputError
from routelab.outcomes import OutcomeTable

F = TypeVar("F", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON on standard output.")
seed_option = click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Same seed, same bytes."
)


def run_options(command: F) -> F:
    """How a table is judged: the flags of `evaluate` and `arena`."""
    for option in reversed(
        [
            click.option(
                "--protocol",
                type=click.Choice(["cross-fit", "leave-task-out", "split", "in-sample"]),
                default="cross-fit",
                show_default=True,
                help="How training and judged rows are kept apart; in-sample is a diagnostic.",
            ),
            click.option("--folds", type=int, default=5, show_default=True, help="Folds of cross-fitting."),
            click.option("--repeats", type=int, help="Repeats of cross-fitting [default: 5, fewer on large tables]."),
            click.option("--draws", type=int, default=1000, show_default=True, help="Draws behind every interval."),
            click.option(
                "--margin",
                type=float,
                default=0.5,
                show_default=True,
                help="Equal quality means best single minus this, in points.",
            ),
            click.option(
                "--profile",
                type=click.Choice(["default", "routerarena"]),
                default="default",
                show_default=True,
                help="Metric profile; see docs/profiles.md.",
            ),
            click.option(
                "--where", "where", multiple=True, metavar="COLUMN=VALUE", help="Judge only these queries; repeatable."
            ),
            click.option(
                "--cluster", metavar="COLUMN", help="Draw whole clusters of queries anew, e.g. task; 20 or more."
            ),
            click.option(
                "--exclude", multiple=True, metavar="ARM", help="Leave an arm out; repeatable. NullModel always is."
            ),
            click.option(
                "--min-coverage",
                type=float,
                default=0.985,
                show_default=True,
                help="Least share of queries an arm must cover.",
            ),
            click.option("--no-timing", is_flag=True, help="Leave measured timings out: byte-identical reruns."),
        ]
    ):
        command = option(command)
    return command


def load_table(path: Path | None, where: tuple[str, ...]) -> OutcomeTable:
    """The table at ``path``, native or in any format that is recognised, or an embedded one by its name.

    Without a path it is the embedded default.
    """
    from routelab.data import FOLDER, default_table, embedded
    from routelab.outcomes.importers import open_table

    if path is not None and not path.exists() and str(path) in embedded():
        path = FOLDER / path
    table = default_table() if path is None else open_table(path)
    return table.select(where=pairs(where, "where")) if where else table


def pairs(texts: tuple[str, ...], option: str) -> dict[str, str]:
    """``NAME=VALUE`` arguments as a dictionary."""
    found = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise InputError(f"--{option}", expected="NAME=VALUE", got=repr(text), fix=f"write --{option} task=maths")
        found[name] = value
    return found
