"""``routelab season``: run a hidden season that anyone can verify afterwards."""

from __future__ import annotations

from pathlib import Path

import click

from routelab.cli import emit_json
from routelab.cli.options import json_option
from routelab.cli.progress import progress_bar

_register = click.argument("register", type=click.Path(path_type=Path))
_secret = click.option("--secret-file", type=click.Path(path_type=Path), required=True, help="The season's secret.")


@click.group("season")
def season_command() -> None:
    """Hidden seasons, step by step: commit, freeze, draw, reveal, verify. REGISTER is the public record."""


@season_command.command("commit")
@_register
@click.option("--season", "number", type=int, required=True, help="Number of the season.")
@_secret
@json_option
def commit_command(register: Path, number: int, secret_file: Path, as_json: bool) -> None:
    """Begin REGISTER with the commitment to a secret; a new secret is made where the file does not exist."""
    from routelab.core import InputError
    from routelab.workload.generate.register import check_new, committed
    from routelab.workload.generate.seasons import new_secret, open_season, read_secret

    open_season(number)
    check_new(register)
    fresh = not secret_file.exists()
    secret = new_secret(secret_file) if fresh else read_secret(secret_file)
    try:
        begun = committed(register, number, secret)
    except InputError:
        if fresh:
            secret_file.unlink()
        raise
    _show(begun, f"publish {register} now; keep {secret_file} to yourself", as_json)


@season_command.command("freeze")
@_register
@click.option("--entry", "entries", multiple=True, required=True, help="An artifact hash; repeatable.")
@json_option
def freeze_command(register: Path, entries: tuple[str, ...], as_json: bool) -> None:
    """Close the list of entries. The beacon must be a public value that appears after this."""
    from routelab.workload.generate.register import freeze_entries

    _show(freeze_entries(register, entries), f"{len(entries)} entries frozen", as_json)


@season_command.command("draw")
@_register
@_secret
@click.option("--beacon", required=True, help="The public value that appeared after the entries were frozen.")
@click.option("--items", type=int, help="How many items [default: at least 8,000].")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@json_option
def draw_command(register: Path, secret_file: Path, beacon: str, items: int | None, out: Path, as_json: bool) -> None:
    """Draw the season's suite and note its hash in REGISTER."""
    from routelab.workload.build import draw_suite
    from routelab.workload.generate.register import drawn, to_draw
    from routelab.workload.generate.seasons import read_secret

    secret = read_secret(secret_file)
    season = to_draw(register, secret, beacon)
    with progress_bar("drawing") as update:
        suite = draw_suite(season, out, items, progress=lambda done, total: update(done, total, ""))
    _show(
        drawn(register, secret, beacon, suite.hash, len(suite.queries)),
        f"{len(suite.queries):,} items → {out}",
        as_json,
    )


@season_command.command("reveal")
@_register
@_secret
@json_option
def reveal_command(register: Path, secret_file: Path, as_json: bool) -> None:
    """Publish the secret in REGISTER: the season is over."""
    from routelab.workload.generate.register import revealed
    from routelab.workload.generate.seasons import read_secret

    _show(revealed(register, read_secret(secret_file)), "anyone can verify the season now", as_json)


@season_command.command("verify")
@_register
@click.option("--items", type=int, help="How many items were drawn [default: as the register says].")
@json_option
def verify_command(register: Path, items: int | None, as_json: bool) -> int:
    """Draw a revealed season again and check every claim of REGISTER; status 1 where one fails."""
    from routelab.core import InputError
    from routelab.workload.generate import generate, hidden_season
    from routelab.workload.generate.register import checks, open_register
    from routelab.workload.suites import suite_hash

    known = open_register(register)
    if known.secret is None:
        raise InputError(str(register), expected="a revealed secret", got="none yet", fix="wait for the season's end")
    season = hidden_season(known.season, bytes.fromhex(known.secret), known.beacon)
    found = checks(known, suite_hash(generate(season, known.items if items is None else items)))
    if as_json:
        emit_json({"verified": all(found.values()), "checks": found})
    else:
        for claim, holds in found.items():
            click.echo(f"{'yes' if holds else 'NO '}  {claim}")
    return 0 if all(found.values()) else 1


def _show(register: object, text: str, as_json: bool) -> None:
    if as_json:
        emit_json(register)
    else:
        click.echo(text)
