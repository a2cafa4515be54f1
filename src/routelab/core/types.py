"""The nouns everybody speaks: queries, models, prices, arms and the record of one call.

Later versions may only add fields. Nothing here opens a socket, draws a random number or decides anything.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Literal

import msgspec

from routelab.core.errors import InputError, shorten

Role = Literal["system", "user", "assistant", "tool"]


class Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One message of a conversation."""

    role: Role
    content: str


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a user asks, with what is needed to grade an answer to it.

    ``task`` is the finest named group (fixed stratum of the statistics), ``domain`` the broadest.
    ``difficulty``, ``metric`` and ``reference`` are truth: no router is ever shown them.
    """

    id: str
    turns: tuple[Turn, ...] = ()
    dataset: str | None = None
    task: str | None = None
    domain: str | None = None
    category: str | None = None
    difficulty: str | None = None
    form: str | None = None
    language: str | None = None
    split: str | None = None
    source: str | None = None
    metric: str | None = None
    reference: str | None = None
    metadata: dict[str, Any] = {}

    @property
    def text(self) -> str:
        """What a router reads: the user's turns, joined by blank lines."""
        return "\n\n".join(turn.content for turn in self.turns if turn.role == "user")

    @classmethod
    def ask(cls, id: str, prompt: str, **fields: Any) -> Query:
        """The common case of one user turn.

        >>> Query.ask("q1", "2 + 2?", metric="exact", reference="4").text
        '2 + 2?'
        """
        return cls(id=id, turns=(Turn("user", prompt),), **fields)


Dollars = Annotated[float, msgspec.Meta(ge=0, le=1e9)]


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What a model cost on a day, in US dollars per million tokens, and who says so."""

    input_usd_per_mtok: Dollars
    output_usd_per_mtok: Dollars
    cached_input_usd_per_mtok: Dollars | None = None
    reasoning_usd_per_mtok: Dollars | None = None
    per_call_usd: Dollars = 0.0
    date: dt.date
    source: str

    def cost_usd(self, input_tokens: int, output_tokens: int, cached: int = 0, reasoning: int = 0) -> float:
        """The bill of one call. ``cached`` is part of the input; ``reasoning`` comes on top of the output.

        >>> p = Price(input_usd_per_mtok=1, output_usd_per_mtok=4, date=dt.date(2026, 1, 1), source="doc")
        >>> p.cost_usd(1_000_000, 250_000)
        2.0
        """
        cached_rate = self.cached_input_usd_per_mtok
        reasoning_rate = self.reasoning_usd_per_mtok
        return (
            (input_tokens - cached) * self.input_usd_per_mtok
            + cached * (self.input_usd_per_mtok if cached_rate is None else cached_rate)
            + output_tokens * self.output_usd_per_mtok
            + reasoning * (self.output_usd_per_mtok if reasoning_rate is None else reasoning_rate)
        ) / 1e6 + self.per_call_usd


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """Facts about a model: who serves it, how much fits, and its dated prices (oldest first)."""

    id: str
    name: str | None = None
    context_tokens: int | None = None
    licence: str | None = None
    source: str | None = None
    sha256: str | None = None
    prices: tuple[Price, ...] = ()

    def price_on(self, day: dt.date | None = None) -> Price | None:
        """The price in force on ``day`` (the newest one when no day is given), or None."""
        known = [price for price in self.prices if day is None or price.date <= day]
        return max(known, key=lambda price: price.date, default=None)


_ARM = re.compile(r"(?P<model>[^@#\s]+)(?:@(?P<effort>[^@#\s]+))?(?:#(?P<policy>[^@#\s]+))?")


class Arm(msgspec.Struct, frozen=True):
    """What a router can choose: a model, a reasoning effort and a prompt policy.

    Written ``provider/model@effort#policy``; the last two parts are optional.

    >>> Arm.parse("local/qwen-1.5b@low#cot")
    Arm(model='local/qwen-1.5b', effort='low', policy='cot')
    >>> str(Arm("openai/gpt-x"))
    'openai/gpt-x'
    """

    model: str
    effort: str | None = None
    policy: str | None = None

    @classmethod
    def parse(cls, text: str) -> Arm:
        """Read the written form; raises InputError where it is not one."""
        match = _ARM.fullmatch(text)
        if match is None:
            raise InputError(
                "arm",
                expected="provider/model@effort#policy without spaces",
                got=shorten(text),
                fix="name the arm like openai/gpt-x@low",
            )
        return cls(match["model"], match["effort"], match["policy"])

    def __str__(self) -> str:
        effort = f"@{self.effort}" if self.effort else ""
        policy = f"#{self.policy}" if self.policy else ""
        return f"{self.model}{effort}{policy}"


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request to one arm. ``parent`` is the index of the call it builds on, within the same plan."""

    arm: str
    sample: int = 0
    turn: int = 0
    parent: int | None = None
    role: Literal["answer", "verify", "fuse", "plan"] = "answer"
    prior_answers: tuple[str, ...] = ()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one call gave: the row of the outcome table, with the answer beside it.

    Unknown numbers are None, never zero. ``score`` lies in [0, 1]; USD, seconds and joules elsewhere.
    """

    query_id: str
    arm: str
    sample: int = 0
    turn: int = 0
    parent: int | None = None
    score: float | None = None
    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_usd: float | None = None
    ttft_s: float | None = None
    latency_s: float | None = None
    energy_j: float | None = None
    error: str | None = None
    propensity: float | None = None
    time: dt.datetime | None = None
    answer: str | None = None
