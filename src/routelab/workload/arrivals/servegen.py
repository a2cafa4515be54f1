"""ServeGen's published clients into `Clients`: its folders of CSV and JSON, or tables of windows made from them.

A folder holds ``chunk-<client>-trace.csv`` (window start, rate, cv, family, two parameters; no heading; an idle window
has rate 0) and ``chunk-<client>-dataset.json`` (for each 6-hour window the probability of every length, written as text
``{224: 0.0003, …}``). Tables: `RATES` and `LENGTHS` name their columns. Only language and reasoning clients are known.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from routelab.core.decisions import Floats
from routelab.core.errors import InputError, shorten
from routelab.core.files import read_text, usable
from routelab.core.seeds import stream
from routelab.workload.arrivals.clients import LEVEL_S, QUANTILES, WINDOW_S, Clients, Lengths
from routelab.workload.arrivals.lengths import from_quantiles
from routelab.workload.arrivals.renewal import Family

RATES = ("model", "client", "window_start_s", "rate_rps", "cv", "iat_dist")
LENGTHS = ("model", "client", "window_start_s", "input_mean", "input_q", "output_mean", "output_q")
DRAWS = 4000
_WEIGHT = re.compile(r"(\d+)\s*:\s*([0-9.eE+-]+)")
_CLIENT = re.compile(r"chunk-(\d+)-trace\.csv")


def read_client_tables(rates: Path, lengths: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The two Parquet tables of windows, with the columns `RATES` and `LENGTHS`."""
    frames = []
    for path, columns in ((rates, RATES), (lengths, LENGTHS)):
        with usable(path, "a Parquet table of clients"):
            frame = pl.read_parquet(path)
        missing = next((name for name in columns if name not in frame.columns), None)
        if missing is not None:
            raise InputError(f"{path} columns", expected=f"a column {missing!r}", got="none", fix="choose another file")
        frames.append(frame.select(columns))
    return frames[0], frames[1]


def read_client_folder(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The same tables from a folder as published, e.g. ``data/language/m-large``; the folder's name is the model."""
    with usable(folder, "a folder of ServeGen clients"):
        found = {int(match[1]): path for path in folder.iterdir() if (match := _CLIENT.fullmatch(path.name))}
    if not found:
        raise InputError(
            str(folder), expected="files chunk-<client>-trace.csv", got="none", fix="choose another folder"
        )
    rates, lengths = [], []
    for client, path in sorted(found.items()):
        rates += [(folder.name, client, *row) for row in _trace(path)]
        data = path.with_name(f"chunk-{client}-dataset.json")
        lengths += [(folder.name, client, *row) for row in (_dataset(data) if data.exists() else ())]
    return (
        pl.DataFrame(rates, schema=list(RATES), orient="row"),
        pl.DataFrame(lengths, schema=list(LENGTHS), orient="row"),
    )


def _trace(path: Path) -> list[tuple[float, float, float, str]]:
    rows = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        fields = line.split(",")
        try:
            start, rate, cv = map(float, fields[:3])
        except ValueError:
            raise InputError(
                f"{path} row {number}",
                expected="window start, rate, cv, family",
                got=shorten(line),
                fix="correct the row",
            ) from None
        if rate > 0:
            if len(fields) < 4 or fields[3] not in ("Gamma", "Weibull"):
                raise InputError(
                    f"{path} row {number} family", expected="Gamma or Weibull", got=line, fix="correct the row"
                )
            rows.append((start, rate, cv, fields[3]))
    return rows


def _dataset(path: Path) -> list[tuple[float, float, list[int], float, list[int]]]:
    try:
        windows = msgspec.json.decode(read_text(path), type=dict[float, dict[str, str]])
    except msgspec.MsgspecError as error:
        raise InputError(
            str(path), expected="windows of length probabilities", got=str(error), fix="fetch it anew"
        ) from None
    rows = []
    for start, fields in windows.items():
        if "input_tokens" not in fields or "output_tokens" not in fields:
            raise InputError(
                f"{path} window {start:g}",
                expected="input_tokens and output_tokens",
                got=", ".join(fields),
                fix="leave it out",
            )
        tables = _table(fields["input_tokens"]), _table(fields["output_tokens"])
        if tables[0] is not None and tables[1] is not None:
            rows.append((start, *tables[0], *tables[1]))
    return rows


def _table(text: str) -> tuple[float, list[int]] | None:
    """Mean and quantiles of a distribution written as ``{length: probability, …}``, None of an empty one."""
    pairs = np.array(_WEIGHT.findall(text), dtype=np.float64).reshape(-1, 2)
    if not pairs[:, 1].sum() > 0:
        return None
    pairs = pairs[np.argsort(pairs[:, 0])]
    cumulative = np.cumsum(pairs[:, 1]) / pairs[:, 1].sum()
    places = np.minimum(np.searchsorted(cumulative, QUANTILES), len(pairs) - 1)
    return float(pairs[:, 0] @ pairs[:, 1] / pairs[:, 1].sum()), pairs[places, 0].astype(int).tolist()


def fit_clients(
    rates: pl.DataFrame, lengths: pl.DataFrame, model: str, *, start_s: float, stop_s: float, most: int = 1000
) -> Clients:
    """The clients of one model from the windows in [start_s, stop_s): the `most` busiest of those that have lengths."""
    inside = (pl.col("model") == model) & (pl.col("window_start_s") >= start_s) & (pl.col("window_start_s") < stop_s)
    lengths = lengths.filter(inside & _whole("input_q") & _whole("output_q"))
    rates = rates.filter(inside).join(lengths.select("client").unique(), on="client", how="semi")
    busiest = (
        rates.group_by("client").agg(pl.col("rate_rps").sum()).sort("rate_rps", "client", descending=[True, False])
    )
    chosen = busiest["client"].head(most).to_list()
    if not chosen:
        raise InputError(
            f"clients of {model}", expected="windows with rates and lengths", got="none", fix="check the times"
        )
    windows = round((stop_s - start_s) / WINDOW_S)
    rows = [_fit_one(rates.filter(pl.col("client") == client), windows, start_s) for client in chosen]
    rate, cv, family, spread, levels = zip(*rows)
    return Clients(
        np.array(rate),
        np.array(cv),
        family,
        np.array(spread),
        np.array(levels),
        _pooled(lengths, rates, chosen, "input"),
        _pooled(lengths, rates, chosen, "output"),
    )


def _whole(column: str) -> pl.Expr:
    return pl.col(column).list.len().fill_null(0) == len(QUANTILES)


def _fit_one(rates: pl.DataFrame, windows: int, start_s: float) -> tuple[float, float, Family, float, Floats]:
    """Rate, cv and family of the gaps (weighted by requests), spread around the hourly levels, levels."""
    series = np.zeros(windows)
    series[((rates["window_start_s"].to_numpy() - start_s) // WINDOW_S).astype(int)] = rates["rate_rps"].to_numpy()
    weights = rates["rate_rps"].to_numpy().astype(np.float64)
    cv = float(np.clip(np.average(rates["cv"].to_numpy(), weights=weights), 0.1, 30.0))
    weibull = weights[(rates["iat_dist"] == "Weibull").to_numpy()].sum() > weights.sum() / 2
    per_level = round(LEVEL_S / WINDOW_S)
    hours = series[: windows // per_level * per_level].reshape(-1, per_level)
    levels = hours.mean(axis=1)
    active = levels > 0
    squares = ((hours[active] / levels[active, None] - 1) ** 2).mean(axis=1) * per_level / (per_level - 1)
    counted = cv**2 / (levels[active] * WINDOW_S)
    spread = float(np.sqrt(max(np.average(squares - counted, weights=levels[active]), 0.0)))
    return float(series.mean()), cv, "weibull" if weibull else "gamma", spread, levels / series.mean()


def _pooled(lengths: pl.DataFrame, rates: pl.DataFrame, chosen: list[int], which: str) -> Lengths:
    """Quantiles over all windows of a client: its tables drawn from as often as it sent requests in their time."""
    means, values = [], []
    for client in chosen:
        tables = lengths.filter(pl.col("client") == client).sort("window_start_s")
        starts = tables["window_start_s"].to_numpy().astype(np.float64)
        sent = rates.filter(pl.col("client") == client).select("window_start_s", "rate_rps").to_numpy()
        table = np.maximum(np.searchsorted(starts, sent[:, 0], side="right") - 1, 0)
        weight = np.bincount(table, weights=sent[:, 1], minlength=len(starts))
        share = weight / weight.sum()
        quantiles = np.maximum(np.array(tables[f"{which}_q"].to_list(), dtype=np.float64), 1.0)
        mean = tables[f"{which}_mean"].to_numpy().astype(np.float64)
        rng = stream(0, "servegen", client, which)
        drawn = [
            from_quantiles(rng, count, QUANTILES, quantiles[row], float(mean[row]))
            for row, count in enumerate(np.ceil(share * DRAWS).astype(int).tolist())
        ]
        means.append(float(share @ mean))
        values.append(np.rint(np.quantile(np.concatenate(drawn), QUANTILES)))
    return Lengths(np.array(means), np.array(values))
