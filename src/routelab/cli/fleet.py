"""``routelab fleet``: what a deployment of a model on some devices would do, and factors from measurements."""

from __future__ import annotations

from pathlib import Path

import click

from routelab.cli import emit_json, screen
from routelab.cli.options import json_option, seed_option


@click.group("fleet")
def fleet_command() -> None:
    """Cost model of the serving fleet: estimate a deployment, calibrate it on measurements."""


@fleet_command.command("estimate")
@click.option("--model", required=True, metavar="M", help="Hub id, in full or without its owner.")
@click.option("--gpu", required=True, metavar="G", help="Device of the catalogue, e.g. H100 or L4.")
@click.option("--tp", type=int, default=1, show_default=True, help="Devices that cut every layer among them.")
@click.option("--pp", type=int, default=1, show_default=True, help="Stages of layers.")
@click.option("--ep", type=int, default=1, show_default=True, help="Of the tp devices, how many share out experts.")
@click.option("--dtype", default="bf16", show_default=True, help="Weights: bf16, fp8, int8, fp4 or int4.")
@click.option("--kv-dtype", default="bf16", show_default=True, help="Keys and values: bf16, fp8 or int8.")
@click.option("--backend", default="vllm", show_default=True, help="vllm, sglang, trtllm or one that was calibrated.")
@click.option("--batch", type=int, required=True, help="Clients, each waiting for an answer.")
@click.option("--isl", type=int, required=True, help="Tokens of a prompt.")
@click.option("--osl", type=int, required=True, help="Tokens of an answer.")
@click.option("--factors", type=click.Path(path_type=Path), help="A calibration [default: the one that ships].")
@json_option
def estimate_command(
    model: str,
    gpu: str,
    tp: int,
    pp: int,
    ep: int,
    dtype: str,
    kv_dtype: str,
    backend: str,
    batch: int,
    isl: int,
    osl: int,
    factors: Path | None,
    as_json: bool,
) -> None:
    """TTFT, TPOT, throughput, watts and dollars of one deployment, each with a 90 % prediction interval."""
    from routelab.pool.fleet.cost.calibrated import load_calibration
    from routelab.pool.fleet.cost.estimate import estimate
    from routelab.pool.fleet.cost.points import Point

    point = Point(
        model=model,
        gpu=gpu,
        tp=tp,
        pp=pp,
        ep=ep,
        dtype=dtype,
        kv=kv_dtype,
        backend=backend,
        batch=batch,
        isl=isl,
        osl=osl,
    )
    found = estimate(point, load_calibration(factors))
    if as_json:
        emit_json(found)
        return
    terminal = screen()
    for name, value, unit in (
        ("TTFT", found.ttft_ms, "ms"),
        ("TPOT", found.tpot_ms, "ms"),
        ("throughput", found.throughput_tok_s, "output tokens/s"),
        ("power", found.power_w, "W"),
        ("price", found.usd_per_mtok, "USD per million output tokens"),
    ):
        terminal.print(f"{name:11} {value.value:g} {unit} ({value.low:g} to {value.high:g})")
    terminal.print(
        f"{'rent':11} {found.usd_per_hour:g} USD/h; keys and values of {found.kv_capacity_tokens:,} tokens fit"
    )
    for line in found.assumptions:
        terminal.print(line, soft_wrap=True)


@fleet_command.command("calibrate")
@click.argument("points", type=click.Path(path_type=Path), metavar="POINTS.csv", required=False)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="FILE.json")
@click.option("--prior", type=click.Path(path_type=Path), help="What few points leave open [default: what ships].")
@click.option("--draws", type=click.IntRange(min=0), default=20, show_default=True, help="Draws behind the intervals.")
@click.option("--endpoint", metavar="URL", help="Instead of POINTS: probe an OpenAI-compatible server, e.g. …/v1.")
@click.option("--model", default="default", show_default=True, metavar="M", help="The model's name at the endpoint.")
@click.option("--key-env", metavar="VARIABLE", help="Environment variable with the endpoint's key [default: no key].")
@click.option("--rounds", type=click.IntRange(min=1), default=2, show_default=True, help="How often the probe is made.")
@seed_option
@json_option
def calibrate_command(
    points: Path | None,
    output: Path,
    prior: Path | None,
    draws: int,
    endpoint: str | None,
    model: str,
    key_env: str | None,
    rounds: int,
    seed: int,
    as_json: bool,
) -> None:
    """Fit factors on measured steps, TTFT and TPOT (docs/fleet-cost.md has the columns), or a step cost by probing."""
    from routelab.core.errors import InputError

    if (points is None) == (endpoint is None):
        got = "both" if points else "neither"
        raise InputError("fleet calibrate", expected="POINTS.csv or --endpoint", got=got, fix="give one of the two")
    if points:
        _calibrate(points, output, prior, draws, seed, as_json)
    elif endpoint:
        _probe(endpoint, model, key_env, output, rounds, seed, as_json)


def _calibrate(points: Path, output: Path, prior: Path | None, draws: int, seed: int, as_json: bool) -> None:
    import numpy as np

    from routelab.pool.fleet.cost.calibrated import fit, load_calibration
    from routelab.pool.fleet.cost.points import read_points

    found = fit(read_points(points), fitted_on=points.name, prior=load_calibration(prior), draws=draws, seed=seed)
    found.save(output)
    errors = {
        name: float(np.median(np.abs(np.expm1(values)))) if values else None
        for name, values in (("ttft", found.ttft_errors), ("tpot", found.tpot_errors))
    }
    if as_json:
        emit_json({"points": found.points, "factors": found.factors, "median_error": errors, "output": str(output)})
        return
    told = ", ".join(f"{name.upper()} {error:.1%}" for name, error in errors.items() if error is not None)
    screen().print(f"{found.points} points, median error {told}: {output}", soft_wrap=True)


def _probe(endpoint: str, model: str, key_env: str | None, output: Path, rounds: int, seed: int, as_json: bool) -> None:
    import numpy as np

    from routelab.pool.fleet.cost.fitted import fit_steps
    from routelab.pool.fleet.cost.probe import Grid, probe
    from routelab.pool.live.openai import OpenAIChat

    complete = OpenAIChat(endpoint, model, key_env=key_env, body={"ignore_eos": True})
    stretches = [each for k in range(rounds) for each in probe(complete, Grid(), seed=seed + k)]
    found = fit_steps(stretches, measured_on=f"{model} at {endpoint}, {Grid().requests * rounds} requests")
    found.save(output)
    error = float(np.median(np.abs(np.expm1(found.errors))))
    if as_json:
        emit_json({"points": found.points, "median_error": error, "output": str(output)})
        return
    screen().print(f"{found.points} points, median error {error:.1%}: {output}", soft_wrap=True)
