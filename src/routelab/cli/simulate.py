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
@seed_option
@json_option
def simulate_command(
    fleet: Path,
    arrivals: str,
    policy: str | None,
    clients: int | None,
    requests_out: Path | None,
    stream: bool,
    seed: int,
    as_json: bool,
) -> None:
    """Simulate FLEET (YAML: model, gpu, replicas, tp) serving ARRIVALS, iteration by iteration."""
    from routelab.pool.fleet.build import build
    from routelab.pool.fleet.policies import load_policy
    from routelab.pool.fleet.simulator import Simulation
    from routelab.pool.fleet.spec import load_fleet
    from routelab.workload.arrivals import load, load_blocks

    if stream and clients:
        got = "--clients, whose sessions are asked for whole"
        raise InputError("--stream", expected="arrivals at their own times", got=got, fix="leave one of them out")
    spec = load_fleet(fleet)
    simulation = Simulation(build(spec), load_policy(policy or spec.policy), seed=seed, clients=clients or 0)
    if stream:
        found = _streamed(simulation, load_blocks(arrivals, seed), spec.slo, requests_out)
    else:
        run = simulation.run(load(arrivals, seed))
        if requests_out:
            run.write(requests_out)
        found = run.summary()
    if as_json:
        emit_json(found)
    else:
        _print(found)


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
    terminal = screen()
    terminal.print(f"{found['completed']:,} of {found['requests']:,} requests completed in {found['span_s']:,.0f} s")
    for name, label in (("ttft_s", "TTFT"), ("tpot_s", "TPOT"), ("e2e_s", "E2E")):
        at = found[name]
        if at["p50"] is not None:
            terminal.print(f"{label:12} p50 {at['p50']:.4g} s   p90 {at['p90']:.4g} s   p99 {at['p99']:.4g} s")
    if found["slo_attainment"] is not None:
        terminal.print(f"{'in time':12} {found['slo_attainment']:.1%}   goodput {found['goodput_req_s']:.4g} req/s")
    if found["throughput_req_s"] is not None:
        rates = f"{found['throughput_req_s']:.4g} req/s, {found['throughput_tok_s']:.4g} tokens/s"
        terminal.print(f"{'throughput':12} {rates}, servers busy {found['utilisation']:.0%}")
    terminal.print(f"{'memory':12} {found['preemptions']:,} preemptions, prefix hits {found['prefix_hit_rate']:.1%}")
    terminal.print(f"{'cost':12} ${found['usd']:.4g}, {found['energy_j'] / 3.6e6:.4g} kWh")
    terminal.print(f"{'simulated':12} in {found['wall_s']:.2f} s, {found['events']:,} events")
