"""``routelab suite``: draw the procedural suite, build one from a recipe, look at one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from routelab.cli import console, emit_json, screen
from routelab.cli.options import json_option
from routelab.cli.progress import progress_bar


@click.group("suite")
def suite_command() -> None:
    """Query sets: versioned, hashed folders."""


@suite_command.command("generate")
@click.argument("name", type=click.Choice(["atlas"]))
@click.option("--season", "number", type=int, default=1, show_default=True, help="Which season.")
@click.option("--secret-file", type=click.Path(path_type=Path), help="Draw a hidden season with this secret.")
@click.option("--beacon", help="Public value that was unknown when the entries were frozen.")
@click.option("--items", type=int, help="How many items [default: at least 8,000, 50 a cell].")
@click.option("--reserved-phrasing", is_flag=True, help="The same items in the wording kept for robustness.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@json_option
def generate_command(
    name: str,
    number: int,
    secret_file: Path | None,
    beacon: str | None,
    items: int | None,
    reserved_phrasing: bool,
    out: Path,
    as_json: bool,
) -> None:
    """Draw a season of Atlas-Fresh into a folder. Without a secret it is the open season, which anyone can draw."""
    from routelab.workload.build import draw_suite, season

    started = time.perf_counter()
    chosen = season(number, secret_file, beacon)
    with progress_bar(f"drawing {name}") as update:
        suite = draw_suite(
            chosen,
            out,
            items,
            phrasing="reserved" if reserved_phrasing else "open",
            progress=lambda done, total: update(done, total, ""),
        )
    shown = {
        "items": len(suite.queries),
        "domains": len({query.domain for query in suite.queries}),
        "categories": len({query.category for query in suite.queries}),
        "seconds": round(time.perf_counter() - started, 2),
        "hash": suite.hash,
        "commitment": chosen.commitment,
        "open": chosen.is_open,
    }
    if as_json:
        emit_json(shown)
        return
    click.echo(
        f"{shown['items']:,} items, {shown['categories']} categories in {shown['domains']} domains, "
        f"{shown['seconds']} s, hash {suite.hash} → {out}"
    )
    for note in suite.manifest.notes:
        console().print(note, style="dim")


@suite_command.command("build")
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@json_option
def build_command(recipe: Path, out: Path, as_json: bool) -> None:
    """Build a suite from RECIPE, a YAML file; the same command again goes on where it stopped."""
    from routelab.workload.build import build, read_recipe

    read = read_recipe(recipe)
    with progress_bar(f"building {read.name}") as update:
        suite = build(read, out, update)
    gates = suite.manifest.gates
    if as_json:
        emit_json({"items": len(suite.queries), "hash": suite.hash, "gates": gates})
        return
    click.echo(f"{len(suite.queries):,} items, hash {suite.hash} → {out}")
    for gate, found in gates.items():
        click.echo(f"  {gate}: " + ", ".join(f"{key} {_brief(value)}" for key, value in found.items()))


@suite_command.command("show")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--plot", type=click.Path(path_type=Path), help="Also draw the composition into this PNG file.")
@json_option
def show_command(folder: Path, plot: Path | None, as_json: bool) -> None:
    """What the suite in FOLDER is made of; its hash is checked on the way."""
    from rich.text import Text

    from routelab.arena.report.composition import composition_plot, composition_tables
    from routelab.workload.suites import composition, open_suite

    suite = open_suite(folder)
    made = composition(suite.queries)
    if plot is not None:
        composition_plot(suite.name, made, plot)
    if as_json:
        emit_json({"name": suite.name, "hash": suite.hash} | made | {"gates": suite.manifest.gates})
        return
    terminal = screen()
    terminal.print(Text.assemble((suite.name, "bold"), f"  {made['items']:,} items  hash {suite.hash}"))
    for note in suite.manifest.notes:
        terminal.print(note, style="dim")
    for table in composition_tables(made):
        terminal.print(table)


@suite_command.command("test")
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--arm", "arms", multiple=True, help="Test on these arms only: those that chose no level; repeatable.")
@json_option
def test_command(table: Path, arms: tuple[str, ...], as_json: bool) -> None:
    """Do the levels of a recorded TABLE hold, and is there arm × item interaction beyond the category?"""
    from routelab.arena.difficulty import trend
    from routelab.arena.interaction import interaction
    from routelab.arena.report.composition import trend_table
    from routelab.cli.options import load_table
    from routelab.core import InputError

    outcomes = load_table(table, ())
    levels = trend(outcomes, arms)
    try:
        apart = interaction(outcomes)
    except InputError:
        apart = None
    if as_json:
        emit_json({"trend": levels, "share": levels.share, "interaction": apart})
        return
    terminal = screen()
    terminal.print(trend_table(levels))
    terminal.print(f"{levels.hold} of {levels.powered} groups with enough outcomes hold")
    if apart is None:
        terminal.print("no interaction test: the table holds no second samples", style="dim")
    else:
        terminal.print(
            f"interaction beyond {apart.categories} categories on {apart.items} items × {len(apart.arms)} arms: "
            f"variance {apart.variance:.4f}, p = {apart.p:.4f}",
        )


@suite_command.command("weights")
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--arm", "arms", multiple=True, help="Pilot arms to learn from [default: all]; they test nothing later.")
@json_option
def weights_command(table: Path, arms: tuple[str, ...], as_json: bool) -> None:
    """Learn from a recorded TABLE what makes items hard; prints the `difficulty` block of a recipe."""
    import msgspec
    import yaml

    from routelab.arena.problem import prepare
    from routelab.cli.options import load_table
    from routelab.workload.build.features import learn

    recorded = load_table(table, ())
    problem = prepare(recorded.select(arms=arms) if arms else recorded)
    rule = msgspec.to_builtins(learn(problem.batch.texts or (), problem.score))
    if as_json:
        emit_json(rule)
    else:
        click.echo(yaml.safe_dump({"difficulty": rule}, sort_keys=False), nl=False)


def _brief(value: Any) -> str:
    return f"{len(value)} entries" if isinstance(value, list) and len(value) > 2 else str(value)
