"""Arms by name, made callable and priced, for people who have one endpoint and a list of prices.

Providers are those of ``pool.live``; a base URL stands in for every provider but ``local``. Prices come from a dated
file, never from memory: ``model: {input_usd_per_mtok, output_usd_per_mtok, date, source}``. Local calls are billed
by the declared processor rate; a bound per token stands in where a bill must be foreseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from routelab.arena.spend import Tariff
from routelab.core import Arm, Complete, InputError, ModelCard, Price
from routelab.core.errors import nearest
from routelab.outcomes.listed import read_list
from routelab.pool.live import DECLARED, Endpoints, Provider, endpoints

LOCAL = "local"
LOCAL_BOUND = Price(
    input_usd_per_mtok=1.0,
    output_usd_per_mtok=5.0,
    date=DECLARED.date,
    source="bound for previews and caps; local calls are billed by their processor time",
)


@dataclass(frozen=True)
class Connected:
    """Arms ready to be asked, how each is billed, and the cards of their models."""

    arms: Mapping[str, Complete]
    tariffs: Mapping[str, Tariff]
    models: tuple[ModelCard, ...]

    @property
    def concurrency(self) -> int:
        """One call at a time where processor time is billed, else eight."""
        return 1 if any(_provider(arm) == LOCAL for arm in self.arms) else 8


def connect(
    arms: Iterable[str],
    *,
    file: Path | None = None,
    base_url: str | None = None,
    key_env: str | None = None,
    prices: Path | None = None,
    need_prices: bool = True,
) -> Connected:
    """Connect ``arms``; raises InputError for one without a price where prices are needed."""
    names = tuple(arms)
    known = _extended(endpoints(file), names, base_url, key_env, prices)
    cards = {card.id: card for name in names if (card := known.card(name)) is not None}
    tariffs = {name: _tariff(known, name) for name in names}
    unpriced = [name for name, tariff in tariffs.items() if tariff.price is None]
    if unpriced and need_prices:
        model = Arm.parse(unpriced[0]).model
        priced = [card.id for card in known.models if card.prices]
        raise InputError(
            f"price of {model}",
            expected=f"a line in {prices}" if prices else "a file given with --prices",
            got="none",
            fix=f"{nearest(model, priced)} or count calls: --budget 500calls" if priced else "--budget 500calls",
        )
    return Connected({name: known.connect(name) for name in names}, tariffs, tuple(cards.values()))


def _extended(
    known: Endpoints, names: Iterable[str], base_url: str | None, key_env: str | None, prices: Path | None
) -> Endpoints:
    """The known endpoints with one address for all providers but ``local``, and with the prices of a file."""
    providers, models = dict(known.providers), known.models
    if base_url is not None:
        there = Provider("openai", {"base_url": base_url, "key_env": key_env})
        providers |= {_provider(name): there for name in names if _provider(name) != LOCAL}
    if prices is not None:
        models = (*read_list(prices), *models)
    return Endpoints(providers, models)


def _tariff(known: Endpoints, name: str) -> Tariff:
    card = known.card(name)
    price = card.price_on() if card else None
    return Tariff(price or (LOCAL_BOUND if _provider(name) == LOCAL else None), DECLARED)


def _provider(arm: str) -> str:
    return arm.partition("/")[0]
