"""Workloads from files and names, and the embedded clients: valid, deterministic, near to what they were fitted on."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest
import yaml

from routelab.core.arrivals import Arrivals
from routelab.core.config import convert, json_schema
from routelab.core.errors import InputError
from routelab.core.seeds import stream
from routelab.workload.arrivals import (
    FORMATS,
    NAMES,
    AnyWorkload,
    Clients,
    Mixture,
    default_workload,
    embedded_clients,
    fit_clients,
    load,
    read_client_folder,
    read_client_tables,
    read_clients,
    write_clients,
)
from routelab.workload.arrivals.clients import QUANTILES
from routelab.workload.arrivals.lengths import from_quantiles
from shared import needs_shared, shared_data

WEEK_S = 7 * 86_400.0

EVERY_KIND = """
kind: merged
parts:
  - {kind: trace, path: trace.csv, scale: 2, n: 2}
  - kind: process
    process: {kind: hawkes, rate: 2, branching: 0.5, decay_s: 3}
    lengths:
      kind: separate
      input: {kind: power-law, mean: 128, p99: 1464}
      output: {kind: quantiles, levels: [0.5, 0.9], values: [10, 100]}
    horizon_s: 60
  - kind: process
    process: {kind: together, parts: [{kind: poisson, rate: 1}, {kind: on-off, rate: 1, on_s: 3, off_s: 9}]}
    lengths: {kind: resampled, path: trace.csv}
    n: 50
    popularity: {kind: zipf, models: [small, large], exponent: 1.2, on_s: 10, off_s: 10}
  - {kind: mixture, rate: 3, horizon_s: 60, region: eu}
  - kind: regions
    regions: [{name: us, shift_s: 0}, {name: asia, shift_s: 28800, share: 2}]
    process: {kind: diurnal, rate: 1}
    lengths: {kind: separate, input: {kind: fixed, tokens: 9}, output: {kind: uniform, least: 1, most: 9}}
    horizon_s: 300
  - kind: sessions
    starts: {kind: gamma, rate: 0.5, cv: 2}
    n: 10
    first: {kind: lognormal, mean: 100, cv: 1}
    follow: {kind: fixed, tokens: 20}
    answer: {kind: fixed, tokens: 50}
    turns: 3
    think_s: 5
"""
TRACE = "time_s,input_tokens,output_tokens\n0,5,6\n1,7,8\n9,7,8\n"


def same(one: Arrivals, two: Arrivals) -> bool:
    return all(
        np.asarray(getattr(one, each.name)).tobytes() == np.asarray(getattr(two, each.name)).tobytes()
        for each in fields(one)
        if isinstance(getattr(one, each.name), np.ndarray)
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "trace.csv").write_text(TRACE, "utf-8")
    (tmp_path / "w.yaml").write_text(EVERY_KIND, "utf-8")
    return tmp_path / "w.yaml"


def test_a_file_may_say_every_kind(file: Path) -> None:
    made = load(file, seed=0)
    assert {"eu", "us", "asia"} < set(made.regions)
    assert {"small", "large"} < set(made.models)
    assert same(made, load(file, seed=0))
    assert not same(made, load(file, seed=1))


@pytest.mark.parametrize("name", sorted(NAMES))
def test_embedded_workloads_are_valid_and_deterministic(name: str) -> None:
    made = load(name, seed=3)
    assert len(made) > 1000
    assert same(made, load(name, seed=3))
    again = msgspec.convert(msgspec.to_builtins(NAMES[name]), AnyWorkload)
    assert again == NAMES[name]


def test_a_trace_is_a_workload(file: Path) -> None:
    assert load(file.with_name("trace.csv"), seed=0).input_tokens.tolist() == [5, 7, 7]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kind: hawkes", "kind: hawk", "hawkes"),
        ("branching: 0.5", "branching: 1.5", r"parts\[1\].process.branching"),
        ("think_s: 5", "thinks_s: 5", "think_s"),
        ("path: trace.csv, scale", "path: nowhere.csv, scale", "nowhere.csv"),
        ("    horizon_s: 60\n", "", "neither"),
        ("n: 2}", "n: 0}", r"parts\[0\].n"),
        ("[us", "[", "."),
        ("name: asia", "name: us", "one twice"),
    ],
)
def test_a_mistake_in_a_file_is_named(file: Path, old: str, new: str, message: str) -> None:
    assert old in EVERY_KIND or old == "[us"
    file.write_text(EVERY_KIND.replace(old, new) if old != "[us" else "kind: [", "utf-8")
    with pytest.raises(InputError, match=message):
        load(file, seed=0)


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(InputError, match='did you mean "default"'):
        load("defualt", seed=0)


def test_the_files_of_the_documentation_are_valid() -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "workloads.md").read_text("utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert blocks
    for block in blocks:
        assert len(convert(yaml.safe_load(block), AnyWorkload, "workloads.md").arrivals(0)) > 100


def test_every_format_name_and_kind_is_documented() -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "workloads.md").read_text("utf-8")
    tags = [
        kind["properties"]["kind"]["enum"][0]
        for kind in json_schema(AnyWorkload)["$defs"].values()
        if "kind" in kind["properties"]
    ]
    assert not [name for name in (*NAMES, *(each.name for each in FORMATS), *tags) if f"`{name}`" not in page]


def test_the_file_has_a_schema() -> None:
    kinds = json_schema(AnyWorkload)["$defs"]
    assert {"Trace", "Requests", "Mixture", "Regions", "Sessions", "Agents", "Trees", "Merged"} <= set(kinds)


def test_the_default_has_its_rate_and_more_bursts_than_poisson() -> None:
    counts = []
    for seed in range(5):
        made = default_workload(seed, 20, 6 * 3600)
        counts.append(np.bincount((made.time_s // 60).astype(int), minlength=360))
    assert np.mean(counts) / 60 == pytest.approx(20, rel=0.05)
    assert np.std(counts) / np.mean(counts) > 3 / np.sqrt(np.mean(counts))
    assert 500 < made.input_tokens.mean() < 1500
    assert 100 < made.output_tokens.mean() < 400


def test_clients_come_back_from_their_file(tmp_path: Path) -> None:
    clients = embedded_clients()
    write_clients(tmp_path / "c.parquet", {"mine": clients}, "a test")
    made = Mixture(path=str(tmp_path / "c.parquet"), group="mine", rate=5, horizon_s=100).arrivals(0)
    assert same(made, Mixture(rate=5, horizon_s=100).arrivals(0))
    with pytest.raises(InputError, match="mine"):
        read_clients(tmp_path / "c.parquet", "yours")
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "d.parquet")
    with pytest.raises(InputError, match="group"):
        read_clients(tmp_path / "d.parquet", "yours")


def servegen(folder: Path, trace: str = "0,2.0,1.5,Gamma,0.4,1.1\n600,0,0,,0,0\n", data: str | None = None) -> Path:
    folder.mkdir()
    (folder / "chunk-7-trace.csv").write_text(trace, "utf-8")
    first = '{"input_tokens": "{10: 0.5, 30: 0.5}", "output_tokens": "{4: 1.0}"}'
    plain = f'{{"0": {first}, "600": {{"input_tokens": "{{}}", "output_tokens": "{{}}"}}}}'
    (folder / "chunk-7-dataset.json").write_text(data or plain, "utf-8")
    return folder


def test_a_published_folder_of_clients_is_read(tmp_path: Path) -> None:
    rates, lengths = read_client_folder(servegen(tmp_path / "m"))
    assert rates.rows() == [("m", 7, 0.0, 2.0, 1.5, "Gamma")]
    ((model, client, start, input_mean, input_q, output_mean, output_q),) = lengths.rows()
    assert (model, client, start, input_mean, output_mean) == ("m", 7, 0.0, 20.0, 4.0)
    assert (input_q, output_q) == ([10] * 5 + [30] * 4, [4] * 9)
    clients = fit_clients(rates, lengths, "m", start_s=0, stop_s=3600)
    assert (len(clients), clients.family, clients.rate[0]) == (1, ("gamma",), pytest.approx(2 / 6))


@pytest.mark.parametrize(
    ("trace", "data", "message"),
    [
        ("0,fast,1,Gamma,1,1\n", None, "trace.csv row 1"),
        ("0,1,1,Pareto,1,1\n", None, "row 1 family"),
        ("0,1,1,Gamma,1,1\n", "{", "dataset.json"),
        ("0,1,1,Gamma,1,1\n", '{"0": {"input_tokens": "{1: 1.0}"}}', "window 0"),
    ],
)
def test_a_broken_folder_of_clients_is_named(tmp_path: Path, trace: str, data: str | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_client_folder(servegen(tmp_path / "m", trace, data))
    with pytest.raises(InputError, match="chunk"):
        (tmp_path / "empty").mkdir()
        read_client_folder(tmp_path / "empty")


@pytest.fixture(scope="module")
def windows() -> tuple[pl.DataFrame, pl.DataFrame]:
    return read_client_tables(
        shared_data("traces", "servegen_client_rates.parquet"), shared_data("traces", "servegen_client_lengths.parquet")
    )


@needs_shared
@pytest.mark.parametrize(
    ("group", "most", "stop_s"), [("m-large", 60, WEEK_S), ("m-mid", 40, WEEK_S), ("deepseek-r1", 40, 86_400.0)]
)
def test_the_embedded_clients_are_what_the_fit_gives(
    windows: tuple[pl.DataFrame, pl.DataFrame], group: str, most: int, stop_s: float
) -> None:
    fitted = fit_clients(*windows, group, start_s=0, stop_s=stop_s, most=most)
    assert Clients.of(fitted.frame()).frame().equals(embedded_clients(group).frame())


@needs_shared
def test_the_default_resembles_the_week_after_the_one_it_was_fitted_on(
    windows: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    """The second week is not the first: its rate varies more and its lengths move; the order of both is kept."""
    rates, lengths = windows
    made = embedded_clients().arrivals(stream(0, "held out"), rate=3, horizon_s=WEEK_S)
    mine = np.bincount((made.time_s // 600).astype(int), minlength=1008)
    chosen = lengths.filter((pl.col("model") == "m-large") & (pl.col("window_start_s") < WEEK_S))["client"].unique()
    later = (
        (pl.col("model") == "m-large") & pl.col("client").is_in(chosen.to_list()) & (pl.col("window_start_s") >= WEEK_S)
    )
    theirs = rates.filter(later).group_by("window_start_s").agg(pl.col("rate_rps").sum())["rate_rps"].to_numpy()
    assert mine.std() / mine.mean() == pytest.approx(theirs.std() / theirs.mean(), rel=0.5)
    slots = rates.filter(later).with_columns((pl.col("window_start_s") // 21_600 * 21_600).cast(pl.Int64))
    sent = slots.group_by("client", "window_start_s").agg(pl.col("rate_rps").sum().alias("sent"))
    tables = lengths.filter(later).join(sent, on=["client", "window_start_s"]).sort("client", "window_start_s")
    share = (tables["sent"] / tables["sent"].sum()).to_numpy()
    for which, column in (("input", made.input_tokens), ("output", made.output_tokens)):
        values = np.maximum(np.array(tables[f"{which}_q"].to_list(), dtype=np.float64), 1)
        means = tables[f"{which}_mean"].to_list()
        draws = [
            from_quantiles(stream(0, row), int(part * 100_000), QUANTILES, values[row], means[row])
            for row, part in enumerate(share.tolist())
        ]
        for level in (0.5, 0.9, 0.99):
            assert np.quantile(column, level) == pytest.approx(np.quantile(np.concatenate(draws), level), rel=0.5)
