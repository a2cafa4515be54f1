"""``routelab plan``: how many of which device serve a workload within its limits."""

from __future__ import annotations

import re

import click
from rich.table import Table

from routelab.cli import emit_json, screen
from routelab.cli.options import json_option, seed_option
from routelab.cli.progress import progress_bar
from routelab.core.errors import InputError, nearest, shorten
from routelab.pool.fleet.spec import Slo

LIMIT = re.compile(r"\s*(?P<name>\w+)\s*<=\s*(?P<seconds>\d+\.?\d*|\.\d+)\s*s?\s*")
LIMITS = {"ttft": "ttft_s", "tpot": "tpot_s", "e2e": "e2e_s"}


@click.command("plan")
@click.option("--model", required=True, metavar="M", help="Hub id, in full or without its owner.")
@click.option("--workload", required=True, metavar="W", help="A name, a trace or a YAML file; see docs/workloads.md.")
@click.option("--slo", required=True, metavar="LIMITS", help="Seconds to keep: ttft<=1,tpot<=0.05 or e2e<=20.")
@click.option("--gpu", "gpus", multiple=True, metavar="G", help="Repeatable [default: every one of data centres].")
@click.option("--dtype", default="bf16", show_default=True, help="Weights: bf16, fp8, int8, fp4 or int4.")
@click.option("--attainment", type=float, default=0.99, show_default=True, help="Share of requests in time.")
@click.option("--max-usd-per-hour", type=float, metavar="X", help="Leave out what costs more.")
@click.option("--policy", default="least-loaded", show_default=True, help="Who gets a request among the replicas.")
@click.option(
    "--requests", type=click.IntRange(min=1), default=3000, show_default=True, help="Of each draw, the first."
)
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True, help="Draws of the workload.")
@click.option("--draws", type=click.IntRange(min=0), default=5, show_default=True, help="Draws of the speed, for each.")
@seed_option
@json_option
def plan_command(
    model: str,
    workload: str,
    slo: str,
    gpus: tuple[str, ...],
    dtype: str,
    attainment: float,
    max_usd_per_hour: float | None,
    policy: str,
    requests: int,
    seeds: int,
    draws: int,
    seed: int,
    as_json: bool,
) -> int:
    """The smallest fleet of each GPU that serves WORKLOAD within its limits, cheapest first, and how sure that is."""
    from routelab.core.seeds import derive
    from routelab.pool.fleet.planned import Ask
    from routelab.pool.fleet.planning import plan
    from routelab.workload.arrivals import load

    limits = read_slo(slo)
    arrivals = [load(workload, derive(seed, "plan", place) % 2**31) for place in range(seeds)]
    ask = Ask(
        model=model,
        slo=limits,
        arrivals=[each.part(0, min(requests, len(each))) for each in arrivals],
        attainment=attainment,
        max_usd_per_hour=max_usd_per_hour,
        dtype=dtype,
        policy=policy,
        draws=draws,
        seed=seed,
    )
    with progress_bar("devices") as progress:
        found = plan(ask, gpus, progress)
    if as_json:
        asked = {
            key: getattr(ask, key) for key in ("model", "dtype", "slo", "attainment", "max_usd_per_hour", "policy")
        }
        counts = {"requests": len(ask.arrivals[0]), "seeds": seeds, "draws": draws, "seed": seed}
        emit_json(asked | {"workload": workload} | counts | {"options": found.options, "refused": found.refused})
        return 0 if found.options else 1
    terminal = screen()
    table = Table(title=f"{model}, {slo} for {attainment:.4g} of requests", title_justify="left")
    table.add_column("fleet")
    for name in ("tp", "$/h", "in time", "sure", "busy", "W", "TTFT p99", "TPOT p99"):
        table.add_column(name, justify="right")
    for each in found.options:
        shares = f"{each.attainment.value:.1%}", f"{each.confidence:.0%}", f"{each.utilisation:.0%}"
        tails = [f"{tail:.3g} s" if tail is not None else "–" for tail in (each.ttft_s_p99, each.tpot_s_p99)]
        figures = str(each.tp), f"{each.usd_per_hour:.2f}", *shares, f"{each.power_w:,.0f}", *tails
        table.add_row(f"{each.replicas} × {each.gpu}", *figures)
    if found.options:
        terminal.print(table)
    for no in found.refused:
        terminal.print(f"not {no.gpu}{f', tp {no.tp}' if no.tp else ''}: {no.why}", soft_wrap=True)
    return 0 if found.options else 1


def read_slo(text: str) -> Slo:
    """Limits in seconds.

    >>> read_slo("ttft<=1, tpot<=0.05").tpot_s
    0.05
    """
    found: dict[str, float] = {}
    for part in text.split(","):
        match = LIMIT.fullmatch(part)
        if match is None or float(match["seconds"]) == 0:
            fix = "write name<=seconds, with commas between"
            raise InputError("--slo", expected="limits like ttft<=1,tpot<=0.05", got=shorten(part), fix=fix)
        name = match["name"]
        if name not in LIMITS:
            raise InputError("--slo", expected="ttft, tpot or e2e", got=shorten(name), fix=nearest(name, LIMITS))
        if LIMITS[name] in found:
            raise InputError("--slo", expected="each limit once", got=f"{name} twice", fix="leave one out")
        found[LIMITS[name]] = float(match["seconds"])
    return Slo(**found)
