"""``routelab route``: what a frozen router would do with some prompts, and why. Calls no model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.table import Table

from routelab.cli import emit_json, screen
from routelab.cli.options import json_option


@click.command("route")
@click.argument("artifact", type=click.Path(path_type=Path))
@click.argument("texts", nargs=-1, metavar="[TEXT… | FILE.jsonl]")
@click.option("--dial", type=click.FloatRange(0, 1), help="Where the dial stands [default: as frozen].")
@click.option("--explain", is_flag=True, help="Also show what is believed of every arm.")
@json_option
def route_command(artifact: Path, texts: tuple[str, ...], dial: float | None, explain: bool, as_json: bool) -> None:
    """Route prompts with ARTIFACT: given as TEXT, as the lines of standard input, or as FILE.jsonl.

    A row of the file holds `prompt`, or `messages` as a chat request has them.
    """
    from routelab.encode import QueryBatch
    from routelab.router import load_artifact

    prompts = _prompts(texts)
    reasons = load_artifact(artifact).explain(QueryBatch.of(prompts), dial=dial)
    if as_json:
        rows = [{"prompt": prompt} | msgspec.structs.asdict(why) for prompt, why in zip(prompts, reasons)]
        kept = rows if explain else [{k: v for k, v in row.items() if k != "beliefs"} for row in rows]
        emit_json({"decisions": kept})
        return
    terminal = screen()
    for prompt, why in zip(prompts, reasons):
        beside = f" (before {why.beat})" if why.beat else ""
        terminal.print(f"{why.arm}  {why.reason}{beside}  {_line(prompt)}", soft_wrap=True)
        if explain:
            terminal.print(_beliefs(why))


def _prompts(texts: tuple[str, ...]) -> list[str]:
    from routelab.core import InputError

    if len(texts) == 1 and texts[0].endswith(".jsonl"):
        found = _of_file(Path(texts[0]))
    else:
        found = list(texts) or [line for line in sys.stdin.read().split("\n") if line.strip()]
    if not found:
        raise InputError("route", expected="at least one prompt", got="none", fix="give a text, or lines on stdin")
    return found


def _of_file(path: Path) -> list[str]:
    from routelab.core import InputError
    from routelab.core.errors import shorten
    from routelab.core.files import read_text
    from routelab.gateway import query_of

    found = []
    for number, line in enumerate(read_text(path, what="a JSON Lines file").split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{path} line {number}"
        try:
            row: Any = msgspec.json.decode(line)
        except msgspec.DecodeError as error:
            raise InputError(where, expected="a JSON object", got=str(error), fix="correct this line") from None
        if isinstance(row, dict) and "messages" in row:
            found.append(query_of(where, row["messages"], f"{where} messages").text)
        elif isinstance(row, dict) and isinstance(row.get("prompt"), str):
            found.append(row["prompt"])
        else:
            raise InputError(where, expected="a row with prompt or messages", got=shorten(row), fix="add one of them")
    return found


def _beliefs(why: Any) -> Table:
    table = Table("arm", "score", "doubt", "USD/1k")
    for belief in why.beliefs:
        table.add_row(belief.arm, f"{belief.score:.3f}", f"{belief.doubt:.3f}", f"{1000 * belief.cost_usd:.4f}")
    return table


def _line(prompt: str) -> str:
    plain = " ".join(prompt.split())
    return plain if len(plain) <= 80 else plain[:79] + "…"
