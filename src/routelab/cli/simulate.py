"""``routelab simulate``: arrivals on a fleet under a policy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from routelab.cli import emit_json, screen
from routelab.cli.options import json_option, seed_option
from routelab.core.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from routelab.core.arrivals import Arrivals
    from routelab.pool.fleet.simulator import Simulation
    from routelab.pool.fleet.spec import Slo


@click.command("simulate")
@click.argument("fleet", type=click.Path(path_type=Path))
@click.option(
    "--arrivals", required=True, metavar="FILE", help="A trace, or a workload in YAML; see docs/workloads.md."
)
@click.option("--policy", metavar="NAME", help="A registered policy or file.py:Class [default: the one in FLEET].")
@click.option("--clients", type=click.IntRange(min=1), help="Close the loop: so many clients, one session at a time.")
@click.option(
    "--requests-out", type=click.Path(path_type=Path), help="Also write a row for each request (.parquet, .csv)."
)
@click.option("--stream", is_flag=True, help="Never hold the trace or the rows in memory; percentiles within 0.5 %.")
@click.option(
    "--draws",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Repeat the run so often, with drawn speeds and other seeds, for 90 % intervals.",
)
@seed_option
@json_option
def simulate_command(
    fleet: Path,
    arrivals: str,
    policy: str | None,
    clients: int | None,
    requests_out: Path | None,
    stream: bool,
    draws: int,
    seed: int,
    as_json: bool,
) -> None:
    """Simulate FLEET (YAML: model, gpu, replicas, tp) serving ARRIVALS, iteration by iteration."""
    from routelab.pool.fleet.build import build
    from routelab.pool.fleet.policies import load_policy
    from routelab.pool.fleet.simulator import Simulation
    from routelab.pool.fleet.spec import load_fleet
    from routelab.pool.fleet.uncertainty import intervals, worlds
    from routelab.workload.arrivals import load, load_blocks

    if stream and clients:
        got = "--clients, whose sessions are asked for whole"
        raise InputError("--stream", expected="arrivals at their own times", got=got, fix="leave one of them out")
    spec = load_fleet(fleet)
    found = []
    for draw, world in enumerate(worlds(build(spec), draws, seed)):
        one = Simulation(world, load_policy(policy or spec.policy), seed=seed + draw, clients=clients or 0)
        rows_out = requests_out if draw == 0 else None
        if stream:
            found.append(_streamed(one, load_blocks(arrivals, seed + draw), spec.slo, rows_out))
        else:
            found.append(_kept(one, load(arrivals, seed + draw), rows_out))
    summary = found[0] | ({"draws": draws, "intervals": intervals(found)} if draws else {})
    if as_json:
        emit_json(summary)
    else:
        _print(summary)


def _kept(simulation: Simulation, arrivals: Arrivals, requests_out: Path | None) -> dict[str, Any]:
    run = simulation.run(arrivals)
    if requests_out:
        run.write(requests_out)
    return run.summary()


def _streamed(
    simulation: Simulation, blocks: Iterator[Arrivals], slo: Slo, requests_out: Path | None
) -> dict[str, Any]:
    """The figures of a run whose requests are forgotten when they are counted, and written."""
    from routelab.pool.fleet.rows import rows_file
    from routelab.pool.fleet.tally import Tally

    tally = Tally(slo)
    with rows_file(requests_out) if requests_out else nullcontext() as write:

        def take(rows: NDArray[np.void]) -> None:
            tally.add(rows)
            if write:
                write(rows)

        ledger = simulation.stream(blocks, take)
    return ledger.figures(tally)


def _print(found: dict[str, Any]) -> None:
    known = found.get("intervals")

    def told(form: str, unit: str, *keys: str, scale: float = 1.0) -> str:
        value: Any = found
        ends: Any = known
        for key in keys:
            value, ends = value[key], ends and ends[key]
        around = f" ({ends[0] * scale:{form}} to {ends[1] * scale:{form}})" if ends else ""
        return f"{value * scale:{form}}{unit}{around}"

    terminal = screen()
    terminal.print(f"{found['completed']:,} of {found['requests']:,} requests completed in {found['span_s']:,.0f} s")
    between = "\n" + 13 * " " if known else "   "
    for name, label in (("ttft_s", "TTFT"), ("tpot_s", "TPOT"), ("e2e_s", "E2E")):
        if found[name]["p50"] is not None:
            figures = between.join(f"{at} {told('.4g', ' s', name, at)}" for at in ("p50", "p90", "p99"))
            terminal.print(f"{label:12} {figures}")
    if found["goodput_req_s"] is not None:
        goodput = told(".4g", " req/s", "goodput_req_s")
        terminal.print(f"{'in time':12} {told('.1%', '', 'slo_attainment')}{between}goodput {goodput}")
    if found["throughput_req_s"] is not None:
        rates = told(".4g", " req/s", "throughput_req_s"), told(".4g", " tokens/s", "throughput_tok_s")
        busy = f"servers busy {told('.0%', '', 'utilisation')}"
        terminal.print(f"{'throughput':12} {(',' + between if known else ', ').join((*rates, busy))}")
    hits = f"prefix hits {told('.1%', '', 'prefix_hit_rate')}"
    terminal.print(f"{'memory':12} {told(',.0f', ' preemptions', 'preemptions')}, {hits}")
    terminal.print(f"{'cost':12} ${told('.4g', '', 'usd')}, {told('.4g', ' kWh', 'energy_j', scale=1 / 3.6e6)}")
    terminal.print(f"{'simulated':12} in {found['wall_s']:.2f} s, {found['events']:,} events")
