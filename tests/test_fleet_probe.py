"""A server's step cost from outside: what a probe asks, what a fit makes of it, and the file that keeps it."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from routelab.cli import cli
from routelab.core import Completion, ContractError, InputError, Sampling, Turn
from routelab.pool.fleet.cost.fitted import FittedCost, Stretch, fit_steps, fitted_cost, load_fitted
from routelab.pool.fleet.cost.probe import Grid, probe
from routelab.pool.fleet.cost.step import Batch
from routelab.pool.live import openai

TRUTH = FittedCost(
    measured_on="a made-up server",
    points=0,
    fixed_s=5.0,
    token_s=0.2,
    sequence_s=0.5,
    pair_s=0.001,
    key_s=0.01,
    errors=[],
)
GRID = Grid(prompts=(10, 200, 400, 800), clients=(3,), answer=20)


class MadeUpServer:
    """Answers at once and says how long `TRUTH` would have taken: lone requests first, then three at a time."""

    def __init__(self, *, told: bool = True) -> None:
        self.told, self.asked, self.count = told, [], itertools.count()
        self.lock = threading.Lock()

    def __call__(self, turns: Sequence[Turn], sampling: Sampling) -> Completion:
        with self.lock:
            together = 1 if next(self.count) < len(GRID.prompts) else 3
            self.asked.append(turns[0].content)
        prompt = len(turns[0].content.split())
        keys = together * (prompt + sampling.max_tokens / 2)
        first = TRUTH.step_cost(2048, 8).seconds(Batch(prompt, 1, prompt * (prompt + 1) / 2, prompt, 0, 0))[0]
        step = TRUTH.step_cost(2048, 8).seconds(Batch(together, together, 0, 0, together, keys))[0]
        return Completion(
            text="x",
            input_tokens=prompt if self.told else None,
            output_tokens=sampling.max_tokens,
            ttft_s=float(first),
            latency_s=float(first + step * (sampling.max_tokens - 1)),
        )


def test_a_probe_finds_the_cost_that_the_server_has() -> None:
    found = fit_steps(probe(MadeUpServer(), GRID), measured_on="made up")
    for name in ("fixed_s", "token_s", "sequence_s", "pair_s", "key_s"):
        assert getattr(found, name) == pytest.approx(getattr(TRUTH, name), rel=0.02)
    assert np.abs(found.errors).max() < 0.01


def test_no_prompt_is_asked_twice_and_the_seed_says_which() -> None:
    servers = [MadeUpServer() for _ in range(3)]
    for server, seed in zip(servers, (0, 0, 1), strict=True):
        probe(server, GRID, seed=seed)
    one, again, other = (sorted(server.asked) for server in servers)
    assert len(set(one)) == GRID.requests
    assert one == again != other


def test_a_server_that_tells_no_tokens_is_named() -> None:
    with pytest.raises(ContractError, match="include_usage"):
        probe(MadeUpServer(told=False), GRID)


def test_no_part_of_a_cost_is_negative() -> None:
    noisy = [Stretch(1.0, 1, tokens, 1, 0.0, 0.0) for tokens in (100, 90, 80, 70, 60, 50)]
    found = fit_steps(noisy, measured_on="noise")
    assert min(found.fixed_s, found.token_s, found.sequence_s, found.pair_s, found.key_s) >= 0.0


def test_steps_that_somebody_slowed_down_do_not_move_the_line() -> None:
    clean = probe(MadeUpServer(), GRID) * 5
    slowed = [each._replace(seconds=3 * each.seconds) if k % 5 == 0 else each for k, each in enumerate(clean)]
    cost = fit_steps(slowed, measured_on="a busy machine").step_cost(2048, 8)
    for batch in (Batch(1, 1, 0.0, 0.0, 1, 300.0), Batch(400, 1, 80_000.0, 400.0, 0, 0.0)):
        assert cost.seconds(batch)[0] == pytest.approx(TRUTH.step_cost(2048, 8).seconds(batch)[0], rel=0.1)


def test_a_cost_comes_back_from_its_file(tmp_path: Path) -> None:
    TRUTH.save(tmp_path / "cost.json")
    assert load_fitted(tmp_path / "cost.json") == TRUTH
    cost = fitted_cost(tmp_path / "cost.json", 64, 4)
    assert (cost.max_tokens, cost.max_rows) == (64, 4)
    assert cost.seconds(Batch(4, 4, 0.0, 0.0, 4, 100.0))[0] == pytest.approx(5.0 + 4 * 0.2 + 4 * 0.5 + 100 * 0.01)


@pytest.mark.parametrize("text", ["{}", "no JSON", '{"fixed_s": -1}'])
def test_a_file_that_is_no_cost_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "cost.json").write_text(text)
    with pytest.raises(InputError, match=r"cost\.json"):
        fitted_cost(tmp_path / "cost.json", 64, 4)


@pytest.mark.parametrize("stretches", [[Stretch(1.0, 1, 1, 1, 0, 0)] * 3, [Stretch(float("nan"), 1, 1, 1, 0, 0)] * 8])
def test_too_little_or_senseless_points_are_an_error(stretches: list[Stretch]) -> None:
    with pytest.raises(InputError, match="points of a probe"):
        fit_steps(stretches, measured_on="nothing")


@pytest.mark.parametrize("arguments", [[], ["points.csv", "--endpoint", "http://127.0.0.1:1/v1"]])
def test_calibrate_takes_points_or_an_endpoint(arguments: list[str], tmp_path: Path) -> None:
    found = CliRunner().invoke(cli, ["fleet", "calibrate", *arguments, "-o", str(tmp_path / "cost.json")])
    assert isinstance(found.exception, InputError)
    assert "POINTS.csv or --endpoint" in str(found.exception)


def test_calibrate_probes_an_endpoint_and_writes_its_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(openai, "OpenAIChat", lambda *where, **how: asked.append((where, how)) or MadeUpServer())
    where = ["--endpoint", "http://127.0.0.1:1/v1", "--model", "tiny"]
    found = CliRunner().invoke(cli, ["fleet", "calibrate", *where, "--rounds", "1", "-o", str(tmp_path / "cost.json")])
    assert found.exit_code == 0, found.output
    assert asked == [(("http://127.0.0.1:1/v1", "tiny"), {"key_env": None, "body": {"ignore_eos": True}})]
    assert load_fitted(tmp_path / "cost.json").measured_on == "tiny at http://127.0.0.1:1/v1, 10 requests"
