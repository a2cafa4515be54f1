"""``routelab simulate``: arrivals on a fleet under a policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from routelab.cli import emit_json, screen
from routelab.cli.options import json_option, seed_option


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
@seed_option
@json_option
def simulate_command(
    fleet: Path,
    arrivals: str,
    policy: str | None,
    clients: int | None,
    requests_out: Path | None,
    seed: int,
    as_json: bool,
) -> None:
    """Simulate FLEET (YAML: model, gpu, replicas, tp) serving ARRIVALS, iteration by iteration."""
    from routelab.pool.fleet.build import build
    from routelab.pool.fleet.policies import load_policy
    from routelab.pool.fleet.simulator import Simulation
    from routelab.pool.fleet.spec import load_fleet
    from routelab.workload.arrivals import load

    spec = load_fleet(fleet)
    chosen = load_policy(policy or spec.policy)
    run = Simulation(build(spec), chosen, seed=seed, clients=clients or 0).run(load(arrivals, seed))
    if requests_out:
        run.write(requests_out)
    found = run.summary()
    if as_json:
        emit_json(found)
    else:
        _print(found)


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
