"""Costs that nobody measured: tokens guessed from lengths of text, billed at list prices. The table's notes say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from routelab.core.config import convert, load_yaml
from routelab.core.errors import InputError
from routelab.core.types import Arm, ModelCard, Price
from routelab.outcomes.table import OutcomeTable

CHARACTERS_PER_TOKEN = 4
LISTED = "costs are listed, not measured"


def read_list(path: Path) -> tuple[ModelCard, ...]:
    """Cards from a YAML file ``model: {input_usd_per_mtok, output_usd_per_mtok, date, source}``."""
    prices: Mapping[str, Price] = convert(load_yaml(path), dict[str, Price], str(path))
    return tuple(ModelCard(id=model, prices=(price,)) for model, price in prices.items())


def at_list_prices(table: OutcomeTable, cards: Iterable[ModelCard], output_tokens: pl.Series) -> OutcomeTable:
    """The table with a cost for every call; costs that it has are kept.

    Unknown input lengths are a token per ``CHARACTERS_PER_TOKEN`` characters of the prompt, unknown output lengths
    ``output_tokens`` (one a call, null where nothing is known). Raises InputError for a call that no bill can be
    made for.
    """
    known = tuple(cards)
    asked = table.queries.select("query_id", _asked=(pl.col("prompt").str.len_chars() / CHARACTERS_PER_TOKEN).ceil())
    lengths = table.calls.join(asked, on="query_id", how="left", maintain_order="left").with_columns(
        input_tokens=pl.coalesce("input_tokens", pl.col("_asked").cast(pl.Int64)),
        output_tokens=pl.coalesce("output_tokens", pl.lit(output_tokens.cast(pl.Int64))),
    )
    billed = replace(table, calls=lengths.drop("_asked"), models=known).reprice().calls
    calls = table.calls.with_columns(cost_usd=pl.coalesce("cost_usd", pl.lit(billed["cost_usd"])))
    if calls["cost_usd"].null_count():
        first = calls["cost_usd"].is_null().arg_true()[0]
        arm = str(calls["arm"][first])
        priced = Arm.parse(arm).model in {card.id for card in known}
        raise InputError(
            f"cost of query {calls['query_id'][first]}, arm {arm}",
            expected="lengths of prompt and answer" if priced else "a list price of this model",
            got="none",
            fix="say how long answers are with output_tokens=N" if priced else "add it to the list of prices",
        )
    note = f"{LISTED}: list prices × tokens, {CHARACTERS_PER_TOKEN} characters each where their number is not known"
    return replace(table, calls=calls, models=known, notes=(*table.notes, note))
