"""``routelab leaderboard``: a board that updates itself: take submissions in, audit, rank, publish, show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from routelab.cli import console, emit_json, screen
from routelab.cli.options import json_option, load_table
from routelab.cli.progress import progress_bar

if TYPE_CHECKING:
    from routelab.arena.leaderboard.board import Board
    from routelab.arena.leaderboard.store import Split

_board = click.option(
    "--board", "folder", type=click.Path(path_type=Path), required=True, metavar="DIR", help="The board's folder."
)
_split = click.option(
    "--split", type=click.Choice(["open", "hidden"]), default="open", show_default=True, help="Which board."
)


@click.group("leaderboard")
def leaderboard_command() -> None:
    """A leaderboard in a folder. Its store is an SQLite file, or what ROUTELAB_BOARD_URL names (PostgreSQL)."""


@leaderboard_command.command("init")
@_board
@click.option("--table", type=click.Path(path_type=Path), help="Shared outcomes [default: the embedded table].")
@click.option("--name", default="routelab", show_default=True, help="What the board is called.")
@click.option(
    "--part",
    type=click.Choice(["all", "claims"]),
    help="Which prompts are judged [default: of the embedded table those no design was tried on, of others all].",
)
@click.option("--per-owner", type=click.IntRange(min=1), default=20, show_default=True, help="Submissions a season.")
@json_option
def init_command(folder: Path, table: Path | None, name: str, part: Any, per_owner: int, as_json: bool) -> None:
    """Make a board on a table of shared outcomes; a board that is there already stays as it is."""
    from routelab.arena.leaderboard.board import Board, Config
    from routelab.arena.leaderboard.publishing import current

    config = Config(name=name, part=part or ("all" if table else "claims"), submissions_per_owner=per_owner)
    made = Board.create(folder, load_table(table, ()), config)
    board = current(made, "open")
    if as_json:
        emit_json({"board": str(folder), **board["table"]})
        return
    shape = board["table"]
    click.echo(f"{folder}: {shape['queries']:,} judged queries, {shape['arms']} arms of {shape['name']}")


@leaderboard_command.command("update")
@_board
@click.option("--submission", metavar="PATH", help="Take this in; without it, finish what was left unfinished.")
@click.option("--owner", help="Who submits, where you know better than the manifest (a verified account).")
@json_option
def update_command(folder: Path, submission: str | None, owner: str | None, as_json: bool) -> None:
    """Validate, route, audit, rank and publish. May be run again, run twice at once, or be killed at any point.

    A folder without a board becomes one on the embedded table first.
    """
    board = _opened(folder)
    if submission is None:
        finished = board.resume()
        emit_json({"finished": finished}) if as_json else click.echo(f"finished: {', '.join(finished) or 'nothing'}")
        return
    done = board.update(submission, owner)
    told = done.to_json()
    if as_json:
        emit_json(told)
        return
    terminal = screen()
    if done.waiting:
        terminal.print(f"{told['router']}: {told['why']}", soft_wrap=True)
        return
    rank = told["rank"]
    where = f"rank {rank['low']}–{rank['high']}" if told["listed"] else f"not listed: {told['why']}"
    terminal.print(f"{told['router']}: {where}, after {done.seconds:.1f} s (publication {done.sequence})")
    for key, metric in told["scores"].items():
        terminal.print(f"  {key:22} {_metric(metric)}")
    for verdict in done.audits:
        if verdict["verdict"] != "not_applicable":
            terminal.print(f"  {verdict['verdict']:4} {verdict['name']}: {verdict['evidence']}", soft_wrap=True)


@leaderboard_command.command("show")
@_board
@_split
@click.option("--at", "sequence", type=click.IntRange(min=0), help="A past publication [default: the newest].")
@click.option("--verify", "check", is_flag=True, help="Compute it again, byte for byte; status 1 if it differs.")
@json_option
def show_command(folder: Path, split: Split, sequence: int | None, check: bool, as_json: bool) -> int:
    """Print the board."""
    from routelab.arena.leaderboard.publishing import current, differs, published

    board = _existing(folder)
    found = current(board, split) if sequence is None else published(board, split, sequence)
    why = differs(board, split, found["board"]["sequence"]) if check else None
    if as_json:
        emit_json(found | ({"verified": why is None, "differs": why} if check else {}))
        return 1 if why else 0
    _print(found)
    if check:
        console().print(f"computed again: it DIFFERS; {why}" if why else "computed again: the same bytes")
    return 1 if why else 0


@leaderboard_command.command("history")
@_board
@_split
@json_option
def history_command(folder: Path, split: Split, as_json: bool) -> None:
    """Every publication: when, because of whom, and who stood where."""
    from routelab.arena.leaderboard.publishing import history

    found = history(_existing(folder), split)
    if as_json:
        emit_json(found)
        return
    for one in found:
        click.echo(f"{one['sequence']:>5}  {one['published']}  {len(one['routers']):>4} routers  {one['trigger']}")


@leaderboard_command.command("queries")
@_board
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="A .jsonl or .parquet file.")
def queries_command(folder: Path, output: Path) -> None:
    """Write the judged queries (query_id, prompt, task) and nothing of their outcomes: what decisions are made on."""
    import polars as pl

    from routelab.core.files import atomic_path

    batch = _existing(folder).open.problem.batch
    frame = pl.DataFrame({"query_id": batch.ids, "prompt": batch.texts, "task": batch.tasks})
    with atomic_path(output) as temporary:
        frame.write_parquet(temporary) if output.suffix == ".parquet" else frame.write_ndjson(temporary)
    click.echo(f"{frame.height:,} queries: {output}")


@leaderboard_command.command("freeze")
@_board
@click.argument("register", type=click.Path(path_type=Path))
@json_option
def freeze_command(folder: Path, register: Path, as_json: bool) -> None:
    """Close a season's entries: REGISTER (of `routelab season commit`) gets the hash of every router on the board."""
    from routelab.arena.leaderboard.hidden import freeze

    frozen = freeze(_existing(folder), register)
    emit_json(frozen) if as_json else click.echo(f"{len(frozen.entries)} entries frozen in {register}")


@leaderboard_command.command("season")
@_board
@click.option("--register", type=click.Path(path_type=Path), required=True, help="The season's public record.")
@click.option("--table", type=click.Path(path_type=Path), required=True, help="The arms' outcomes on its items.")
@json_option
def season_command(folder: Path, register: Path, table: Path, as_json: bool) -> None:
    """Score the frozen entries on a drawn season and publish the hidden board, rounded."""
    from routelab.arena.leaderboard.hidden import score_season

    with progress_bar("scoring") as update:
        found = score_season(_existing(folder), load_table(table, ()), register, update)
    if as_json:
        emit_json(found)
    else:
        _print(found)


@leaderboard_command.command("site")
@_board
@_split
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Folder to write.")
def site_command(folder: Path, split: Split, out: Path) -> None:
    """Write the board as a static site that needs no network."""
    from routelab.arena.leaderboard.publishing import current, history
    from routelab.arena.leaderboard.site import write_site

    board = _existing(folder)
    write_site(current(board, split), history(board, split), out)
    click.echo(f"{out / 'index.html'}")


@leaderboard_command.command("serve")
@_board
@_split
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True)
def serve_command(folder: Path, split: Split, host: str, port: int) -> None:
    """Serve the site; open pages follow every update."""
    from routelab.arena.leaderboard.publishing import current, history
    from routelab.arena.leaderboard.serve import board_app
    from routelab.core.errors import need_extra

    try:
        import uvicorn
    except ImportError:
        raise need_extra("uvicorn", "serve", "routelab leaderboard serve") from None
    board = _existing(folder)
    app = board_app(lambda: (current(board, split), history(board, split)))
    console().print(f"http://{host}:{port}")
    uvicorn.run(app, host=host, port=port, log_level="warning")


@leaderboard_command.command("published")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), metavar="SITE_DIR", help="Write it as a site to this folder.")
@json_option
def published_command(path: Path, out: Path | None, as_json: bool) -> None:
    """Show RouterArena's published leaderboard, beside what its own figures make of it.

    PATH is its leaderboard.json or leaderboard.parquet, or a folder that holds it. Scores per category, flip labels,
    routers.json and leaderboard_manifest.yaml are used where they lie beside it.
    """
    from routelab.arena.leaderboard.published import published_board

    board = published_board(path)
    if out is not None:
        from routelab.arena.leaderboard.site import write_site

        write_site(board, [], out)
    if as_json:
        emit_json(board)
        return
    _print(board)
    terminal = screen()
    for metric in ("arena_score", "accuracy", "robustness"):
        told = {row["name"]: row["recomputed"][metric] for row in board["routers"] if metric in row["recomputed"]}
        apart = [f"{name} ({one['difference']:+.4f})" for name, one in told.items() if not one["agrees"]]
        others = f"; not so: {', '.join(apart)}" if apart else ""
        within = f"{len(told) - len(apart)} of {len(told)} within what rounding allows"
        if told:
            terminal.print(f"{metric} recomputed: {within}{others}", soft_wrap=True)


def _opened(folder: Path) -> Board:
    from routelab.arena.leaderboard.board import CONFIG, Board, Config
    from routelab.data import default_table

    return Board(folder) if (folder / CONFIG).is_file() else Board.create(folder, default_table(), Config())


def _existing(folder: Path) -> Board:
    from routelab.arena.leaderboard.board import Board

    return Board(folder)


def _metric(metric: dict[str, Any]) -> str:
    if metric["value"] is None:
        return str(metric.get("why", "–"))
    if metric["low"] is None:
        return f"{metric['value']:.4f}"
    return f"{metric['value']:.4f} [{metric['low']:.4f}, {metric['high']:.4f}]"


def _print(board: dict[str, Any]) -> None:
    from rich.table import Table

    head, metric = board["board"], board["rank_metric"]
    table = Table(title=f"{head['name']} · {head['split']} · publication {head['sequence']}", title_justify="left")
    for column in ("rank", "router", "owner", "kind", metric.replace("_", " "), "accuracy", "$ per 1k"):
        table.add_column(column)
    for row in board["routers"]:
        if row["baseline"]:
            continue
        rank = f"{row['rank']['low']}–{row['rank']['high']}" if row["rank"] else "not listed"
        figures = [_metric(row[key]) for key in (metric, "accuracy", "cost_per_1k_usd")]
        table.add_row(rank, row["name"], row["owner"], row["kind"], *figures)
    screen().print(table)
